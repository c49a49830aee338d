import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** A program that tests need, a browser engine above all: how to find it and how to get it. */
export interface Engine {
  readonly name: string
  /** Commands to look for on PATH, or absolute paths; the first that runs is taken. */
  readonly commands: readonly string[]
  /** Parameters that make it exit with 0, or `none` where being there must do. Default `--version`. */
  readonly trial?: readonly string[] | 'none'
  /** Packages that bring it on Debian and Ubuntu. */
  readonly aptPackages: readonly string[]
  /** The build Playwright can download, and where it lies then. */
  readonly playwright?: { readonly browser: string; readonly path: () => string }
  /** Environment variable that names the executable, before all else. */
  readonly variable: string
}

/** Environment variables, `process.env` by default. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The executable of an engine, if one is there and starts: Ubuntu's `chromium-browser` may be a stub that only says "use snap". */
export function findEngine(engine: Engine, environment: Environment = process.env): string | undefined {
  const named = environment[engine.variable]
  if (named) return named
  const candidates = engine.commands.flatMap((command) => locate(command, environment))
  if (engine.playwright) candidates.push(engine.playwright.path())
  const { trial = ['--version'] } = engine
  return candidates.find((path) => existsSync(path) && (trial === 'none' || run(path, trial, environment).ok))
}

/** The executables that a command names: those on PATH, or itself if it is an absolute path. */
export function locate(command: string, environment: Environment): string[] {
  const paths = isAbsolute(command)
    ? [command]
    : (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, command))
  return paths.filter(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** How a command ended. */
export interface RunResult {
  readonly ok: boolean
  /** For people: how it ended and its last words. */
  readonly why: string
}

/** Runs a command to its end. */
export function run(command: string, parameters: readonly string[], environment: Environment): RunResult {
  const result = spawnSync(command, parameters, { env: environment, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const said = `${result.stdout ?? ''}\n${result.stderr ?? ''}`.trim().split('\n').slice(-3).join(' | ')
  return { ok: result.status === 0, why: result.error?.message ?? `exit ${result.status ?? result.signal}: ${said}` }
}
