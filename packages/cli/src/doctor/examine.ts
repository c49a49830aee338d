import { examineHub } from './examine-hub.ts'
import { examineSite } from './examine-site.ts'

/** How sure a finding is: all is well, something to know, or something that has to be mended. */
export type Certainty = 'good' | 'note' | 'fault'

/** One thing that was seen from outside. */
export interface Finding {
  readonly level: Certainty
  /** Short and stable, for programs. */
  readonly code: string
  readonly what: string
  readonly cure?: string
}

/** Notes what it finds. */
export interface Notes {
  good(code: string, what: string): void
  note(code: string, what: string, cure?: string): void
  fault(code: string, what: string, cure: string): void
}

/** Looks at a hub and at pages of its sites as a browser would, and at the sites' receivers of logouts as the hub would. */
export async function examine(options: {
  readonly hub: string
  readonly sites: readonly string[]
  readonly logoutPath: string
}): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const notes: Notes = {
    good: (code, what) => void findings.push({ level: 'good', code, what }),
    note: (code, what, cure) => void findings.push({ level: 'note', code, what, ...(cure !== undefined && { cure }) }),
    fault: (code, what, cure) => void findings.push({ level: 'fault', code, what, cure }),
  }
  const isThere = await examineHub(options.hub, notes)
  for (const url of options.sites) await examineSite(url, options, isThere, notes)
  return findings
}

/** How long any one answer may take. */
const TIMEOUT_MS = 10_000

/** One request. Where there is no answer, the cause in words takes its place. */
export async function probe(url: URL | string, init: RequestInit = {}): Promise<Response | string> {
  try {
    return await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS), ...init })
  } catch (error) {
    const cause = (
      error instanceof Error && error.cause instanceof Error ? error.cause : error
    ) as NodeJS.ErrnoException
    return `${cause.code ?? cause.name}: ${cause.message}`
  }
}

const CURES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not in DNS: add an A or AAAA record',
  EAI_AGAIN: 'DNS does not answer: is this machine on the network?',
  ECONNREFUSED: 'nothing listens there: is the program running, and does the proxy lead to it?',
  CERT_HAS_EXPIRED: 'the certificate has run out: renew it',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'the certificate is its own authority: browsers refuse it; use one of a public authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority of the certificate is not a public one',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the server sends its certificate without the intermediate one: configure the full chain',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name',
  TimeoutError: 'there is no answer within ten seconds: a firewall, or a program that hangs',
}

/** The cure for a request without an answer. */
export function cureOf(failure: string): string {
  return CURES[failure.split(':', 1)[0] ?? ''] ?? 'browsers will not get further either'
}
