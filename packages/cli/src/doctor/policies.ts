/** Directives in whose place another one counts where they are absent. */
const FALLBACKS: Readonly<Record<string, readonly string[]>> = {
  'frame-src': ['frame-src', 'child-src', 'default-src'],
  'script-src': ['script-src-elem', 'script-src', 'default-src'],
  'connect-src': ['connect-src', 'default-src'],
}

/** A directive that forbids the hub, and the sources that it names. */
export interface Forbidding {
  readonly directive: string
  readonly sources: readonly string[]
}

/**
 * The first of a page's policies that forbids the hub something, as browsers read them: all of them have to allow it
 * (Content Security Policy Level 3).
 */
export function forbids(header: string, name: keyof typeof FALLBACKS, hub: string): Forbidding | undefined {
  for (const policy of header.toLowerCase().split(',')) {
    const directives = new Map(
      policy
        .split(';')
        .map((text) => text.trim().split(/\s+/))
        .map(([directive = '', ...sources]) => [directive, sources]),
    )
    const directive = FALLBACKS[name]?.find((one) => directives.has(one))
    const sources = directive === undefined ? undefined : directives.get(directive)
    if (directive !== undefined && sources && !sources.some((source) => fits(source, hub)))
      return { directive, sources }
  }
  return undefined
}

/** Whether a source admits what the hub serves below `/isthmus/`. */
function fits(source: string, hub: string): boolean {
  const { origin, host, hostname, protocol } = new URL(hub)
  const plain = source.replace(/(?:\/isthmus)?\/?$/, '')
  if (plain === '*' || plain === protocol || plain === origin || plain === host) return true
  const wildcard = /^(?:https?:\/\/)?\*\.(.+)$/.exec(plain)?.[1]
  return wildcard !== undefined && hostname.endsWith(`.${wildcard}`)
}
