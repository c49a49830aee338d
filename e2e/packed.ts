import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('..', import.meta.url))

/** What is packed, and installed beside each other. */
const PACKAGES = ['@isthmus/protocol', '@isthmus/server', '@isthmus/site', 'isthmus'] as const

const VARIABLE = 'ISTHMUS_PACKED'
const SIZE_LIMIT = { maxBuffer: 64 * 1024 * 1024 }

/** For a whole run of tests: the folder that {@link installPackedIn} fills, if a test asks for it. */
export async function makeRoomForPacked(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-packed-'))
  process.env[VARIABLE] = folder
  return () => rm(folder, { recursive: true, force: true })
}

/**
 * Installs the packages in a folder as people get them: packed, and from their tarballs. The first test that asks does it
 * in an empty folder, for all workers of the run; the others have a link to what was installed there.
 */
export async function installPackedIn(folder: string): Promise<void> {
  const room = process.env[VARIABLE]
  if (room === undefined) throw new Error('The set-up of the run has made no room for packed packages.')
  const [first, done] = [join(room, 'first'), join(room, 'done')]
  const isFirst = await mkdir(first).then(
    () => true,
    () => false,
  )
  if (isFirst) {
    const failure = await install(first, room).then(
      () => '',
      (error: unknown) => String(error),
    )
    await writeFile(`${done}.new`, failure)
    await rename(`${done}.new`, done)
  }
  const failure = await contentOf(done)
  if (failure !== '') throw new Error(failure)
  await symlink(join(first, 'node_modules'), join(folder, 'node_modules'))
}

async function install(folder: string, room: string): Promise<void> {
  const workspaces = PACKAGES.map((name) => `--workspace=${name}`)
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', room, ...workspaces]
  const { stdout } = await run('npm', pack, { cwd: root, ...SIZE_LIMIT })
  const packed = JSON.parse(stdout) as { filename: string }[] | Record<string, { filename: string }>
  const tarballs = Object.values(packed).map(({ filename }) => join(room, filename))
  await writeFile(join(folder, 'package.json'), '{ "private": true }')
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  await run('npm', ['install', ...options, ...tarballs], { cwd: folder, ...SIZE_LIMIT })
}

/** What stands in a file, as soon as it is there. */
async function contentOf(path: string): Promise<string> {
  for (const end = Date.now() + INSTALL_LIMIT_MS; Date.now() < end; await sleep(100)) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  throw new Error('The packed packages are not installed yet.')
}

/** For hangs only. */
const INSTALL_LIMIT_MS = 300_000
