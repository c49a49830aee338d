#!/usr/bin/env node
import { IsthmusError } from '@isthmus/protocol'
import { CommanderError } from 'commander'
import { ConfigError } from './config/faults.ts'
import { EXIT } from './output.ts'
import { createProgram } from './program.ts'

const end = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  // A second signal ends the process as it would without us.
  process.once(signal, () => end.abort())
}

const setExitCode = (code: number): void => {
  process.exitCode = code
}

try {
  await createProgram(end.signal, setExitCode).parseAsync()
} catch (error) {
  setExitCode(report(error))
}

/** Says what is wrong, and gives the exit code. */
function report(error: unknown): number {
  const isJson = process.argv.includes('--json')
  const say = (text: string, more: object): void => {
    if (isJson) console.log(JSON.stringify({ ok: false, error: text, ...more }))
    else console.error(text)
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok
    // Commander has said it already, for people.
    if (isJson) say(error.message, {})
    return EXIT.usage
  }
  if (error instanceof ConfigError) {
    say(error.message, { faults: error.faults })
    return EXIT.usage
  }
  if (error instanceof IsthmusError && error.code === 'config-invalid') {
    say(error.message, { code: error.code })
    return EXIT.usage
  }
  say(error instanceof Error ? error.message : String(error), {})
  return EXIT.failed
}
