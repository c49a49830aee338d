import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HubLogEntry } from './world.ts'

/** A token, signed: what it says is for the page, the back end and the hub alone. */
const TOKEN = /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/

/** What the hub gave to a browser in confidence: cookies, tickets, and handles that came back. */
export interface Secrets {
  /** Notes those of one request and its answer. */
  watch(request: IncomingMessage, response: ServerResponse): void
  /** The lines that hold one of them, or a signed token. */
  foundIn(lines: readonly string[]): readonly string[]
}

export function watchForSecrets(): Secrets {
  const secrets = new Set<string>()
  const keep = (value: string | undefined): void => {
    if (value !== undefined && /^[\w-]{43}$/.test(value)) secrets.add(value)
  }
  return {
    watch({ headers }, response) {
      keep(headers.authorization?.replace(/^DPoP /, ''))
      for (const pair of (headers.cookie ?? '').split(/; */)) keep(pair.split('=')[1])
      response.once('close', () => {
        for (const cookie of [response.getHeader('set-cookie') ?? []].flat()) keep(/=([^;]*)/.exec(String(cookie))?.[1])
        keep(/#isthmus=([\w-]{43})/.exec(String(response.getHeader('location') ?? ''))?.[1])
      })
    },
    foundIn: (lines) =>
      lines.filter((line) => TOKEN.test(line) || [...secrets].some((secret) => line.includes(secret))),
  }
}

/** What the hub told its program, and what access logs hold: addresses, and where requests came from. */
export function linesOf(
  hubLog: readonly HubLogEntry[],
  requests: readonly { readonly path: string; readonly headers: { readonly referer?: string | undefined } }[],
): string[] {
  return [
    ...hubLog.map(({ event, about }) => `hub: ${event} ${about}`),
    ...requests.map(({ path, headers }) => `request: ${path} from ${headers.referer ?? 'nowhere'}`),
  ]
}
