import { stderr, stdout } from 'node:process'

/** How a command speaks: sentences for people, or one JSON document on stdout for machines. Progress is on stderr. */
export interface Output {
  /** What the command found. `text` is what people read. */
  result(value: unknown, text: string): void
  /** One line of what it finds, for people, as soon as it is known. */
  line(text: string): void
  /** What it is doing. */
  progress(text: string): void
}

export function createOutput(isJson: boolean | undefined): Output {
  return {
    result: (value, text) => void stdout.write(isJson ? `${JSON.stringify(value)}\n` : text && `${text}\n`),
    line: (text) => void (isJson || stdout.write(`${text}\n`)),
    progress: (text) => void (isJson || stderr.write(`${text}\n`)),
  }
}

/** Exit codes: part of what the command promises. */
export const EXIT = {
  /** The command did what it was asked, and what it examined is well. */
  ok: 0,
  /** It examined something, and that is not well; or there is no such session or key. */
  found: 1,
  /** It was called wrongly, or the configuration is wrong. */
  usage: 2,
  /** It failed: the store, the network, a bug. */
  failed: 3,
} as const
