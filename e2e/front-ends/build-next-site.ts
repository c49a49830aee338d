import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const example = fileURLToPath(new URL('../../examples/next-site/', import.meta.url))
/** Next.js writes it last. */
const DONE = join(example, '.next/BUILD_ID')
/** The process that made this folder builds; the others wait. */
const LOCK = join(example, '.next.lock')
/** What ends up in the build. */
const SOURCES = ['.', 'app', '../../packages/client/dist', '../../packages/site/dist'].map((path) =>
  join(example, path),
)
const next = fileURLToPath(import.meta.resolve('next/dist/bin/next'))

/** Builds the example in Next.js, unless that was done since its sources changed. Several processes may ask at once. */
export async function buildNextSite(): Promise<void> {
  while (!isBuilt()) {
    if (!takeLock()) {
      await sleep(200)
      continue
    }
    try {
      const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
      await promisify(execFile)(process.execPath, [next, 'build'], { cwd: example, env })
    } finally {
      rmSync(LOCK, { recursive: true })
    }
  }
}

function isBuilt(): boolean {
  const builtAt = changedAt(DONE)
  return SOURCES.every((folder) =>
    readdirSync(folder, { withFileTypes: true }).every(
      (file) =>
        !/\.(?:tsx?|js|json)$/.test(file.name) ||
        /\.d\.ts$/.test(file.name) ||
        changedAt(join(folder, file.name)) < builtAt,
    ),
  )
}

function takeLock(): boolean {
  try {
    mkdirSync(LOCK)
    return true
  } catch {
    return false
  }
}

/** 0 where there is no such file. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
