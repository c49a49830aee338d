import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { request as requestTls } from 'node:https'
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
  if (options.sites.length === 0) {
    notes.note(
      'no-site',
      'No site was looked at.',
      'name a page of each by --site: frames, sign-ins and logouts differ',
    )
  }
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
    return causeOf(error)
  }
}

/** The head of an answer. */
export interface Head {
  readonly status: number
  readonly headers: IncomingHttpHeaders
}

/** A request as of a browser whose tab is led there: fetch would add that it is no navigation. */
export async function navigate(address: URL | string, headers: OutgoingHttpHeaders): Promise<Head | string> {
  const url = new URL(address)
  const send = url.protocol === 'https:' ? requestTls : request
  const options = {
    headers: { accept: 'text/html', ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    agent: false,
  }
  try {
    const [answer] = (await once(send(url, options).end(), 'response')) as [IncomingMessage]
    answer.destroy()
    return { status: answer.statusCode ?? 0, headers: answer.headers }
  } catch (error) {
    return causeOf(error)
  }
}

function causeOf(error: unknown): string {
  const cause = (error instanceof Error && error.cause instanceof Error ? error.cause : error) as NodeJS.ErrnoException
  const { code = cause.name, message } = cause
  // What fetch says of the ports that no browser asks (https://fetch.spec.whatwg.org/#port-blocking).
  if (message === 'bad port') return 'ERR_UNSAFE_PORT: no browser asks it'
  // An address with several numbers fails once for each, without a sentence for all of them.
  return message === '' ? code : `${code}: ${message}`
}

const NOT_PUBLIC = 'the authority of the certificate is not a public one: browsers refuse it'

const CURES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not in DNS: add an A or AAAA record',
  EAI_AGAIN: 'DNS does not answer: is this machine on the network?',
  ECONNREFUSED: 'nothing listens there: is the program running, and does the proxy lead to it?',
  ECONNRESET: 'the connection is cut: by a firewall, or by a program that fails',
  EHOSTUNREACH: 'no way leads to that address: is the record in DNS right, and a firewall open?',
  ENETUNREACH: 'no way leads to that address from here: has this machine IPv6, or only the record in DNS?',
  UND_ERR_SOCKET: 'the connection is cut: by a firewall, or by a program that fails',
  ERR_SSL_WRONG_VERSION_NUMBER: 'that port speaks plain http: configure TLS there, or name the port that has it',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'that port speaks plain http: configure TLS there, or name the port that has it',
  ERR_UNSAFE_PORT: 'browsers refuse this port: serve it on another one, 443 at best',
  CERT_HAS_EXPIRED: 'the certificate has run out: renew it',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet: is the clock right, there and here?',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'the certificate is its own authority: browsers refuse it; use one of a public authority',
  SELF_SIGNED_CERT_IN_CHAIN: NOT_PUBLIC,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_PUBLIC,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the server sends its certificate without the intermediate one: configure the full chain; or its authority is not public',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name: get one for this name',
  TimeoutError: 'there is no answer within ten seconds: a firewall, or a program that hangs',
  ABORT_ERR: 'there is no answer within ten seconds: a firewall, or a program that hangs',
  UND_ERR_CONNECT_TIMEOUT: 'there is no answer within ten seconds: a firewall, or a program that hangs',
}

/** The cure for a request without an answer. */
export function cureOf(failure: string): string {
  const [, local] = /\b(?:ENOTFOUND|EAI_AGAIN) (\S+\.localhost)$/.exec(failure) ?? []
  if (local !== undefined) {
    return `browsers know *.localhost by themselves, other programs need a line in /etc/hosts: 127.0.0.1 ${local}`
  }
  return CURES[failure.split(':', 1)[0] ?? ''] ?? 'browsers will not get further either'
}

/** Headers by which guards in front of a site say that they answered in its place. */
const GUARDS: Readonly<Record<string, string>> = {
  'cf-mitigated': 'Cloudflare',
  'x-amzn-waf-action': 'AWS WAF',
  'x-datadome': 'DataDome',
  'x-sucuri-block': 'Sucuri',
  'x-iinfo': 'Imperva',
}

/** What answered in the place of the program, if it says so, and what to do about it. */
export function strangerOf(headers: Headers | IncomingHttpHeaders): string | undefined {
  const has = (name: string): boolean => (headers instanceof Headers ? headers.has(name) : name in headers)
  const guard = Object.entries(GUARDS).find(([name]) => has(name))?.[1]
  return guard && `${guard} answered in its place: have it let this address through, without a question`
}
