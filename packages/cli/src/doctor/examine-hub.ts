import {
  discoverySchema,
  ENDPOINTS,
  isTrustworthyOrigin,
  JWKS_PATH,
  parseOrigin,
  problemSchema,
} from '@isthmus/protocol'
import { cureOf, type Notes, probe } from './examine.ts'

/** Clocks further apart than this make tokens look as if they were from the future. */
const CLOCK_TOLERANCE_MS = 15_000

/** The hub itself, and its page for embedding as one of its sites gets it. Gives whether it is one. */
export async function examineHub(hub: string, site: string | undefined, notes: Notes): Promise<boolean> {
  const origin = parseOrigin(hub)
  if (!origin) {
    notes.fault('hub-origin', `"${hub}" is no origin.`, 'write scheme and host only: https://auth.example.com')
    return false
  }
  if (!isTrustworthyOrigin(origin)) {
    notes.fault('hub-http', `${hub} is plain http: browsers keep no Secure cookie there.`, 'serve the hub over https')
  }
  const discovered = await probe(hub + ENDPOINTS.discovery.path)
  if (typeof discovered === 'string') {
    notes.fault('hub-unreachable', `${hub} cannot be reached (${discovered}).`, cureOf(discovered))
    return false
  }
  const discovery = discoverySchema.safeParse(await discovered.json().catch(() => undefined))
  if (!discovered.ok || !discovery.success) {
    const cure = 'is the hub mounted at the root, app.use(nodeHandler(hub)), and does the proxy pass /.well-known on?'
    notes.fault('hub-none', `${hub}${ENDPOINTS.discovery.path} is not answered by a hub (${discovered.status}).`, cure)
    return false
  }
  notes.good('hub', `${hub} is a hub, version ${discovery.data.version}.`)
  if (discovery.data.issuer !== origin) {
    const cure = `set its option origin to "${origin}", or ask for it by its own name`
    notes.fault('hub-issuer', `It calls itself ${discovery.data.issuer}.`, cure)
  }
  examineClock(discovered, notes)
  await examineKeys(origin, notes)
  await examineHealth(origin, notes)
  if (site !== undefined) await examinePage(origin, site, notes)
  return true
}

function examineClock(answer: Response, notes: Notes): void {
  const date = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isNaN(date)) return
  const aheadMs = date - Date.now()
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const cure = 'keep NTP on, there and here: sites refuse tokens that are more than 30 seconds from the future'
  if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) notes.good('clock', `Its clock agrees with this one (${seconds} s).`)
  else notes.fault('clock', `Its clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this one.`, cure)
}

async function examineKeys(origin: string, notes: Notes): Promise<void> {
  const answer = await probe(origin + JWKS_PATH)
  const set =
    typeof answer === 'string' ? undefined : ((await answer.json().catch(() => undefined)) as { keys?: unknown[] })
  if (set?.keys?.length)
    return notes.good('keys', `It publishes ${set.keys.length} ${set.keys.length === 1 ? 'key' : 'keys'}.`)
  const saw = typeof answer === 'string' ? answer : String(answer.status)
  notes.fault('keys', `${origin}${JWKS_PATH} gives no keys (${saw}).`, 'pass /.well-known/jwks.json on to the hub')
}

async function examineHealth(origin: string, notes: Notes): Promise<void> {
  const answer = await probe(origin + ENDPOINTS.healthz.path)
  if (typeof answer !== 'string' && answer.ok) notes.good('health', 'Its store works.')
  else notes.fault('health', 'It says that its store fails.', 'see its log: a full disk, or a database that is away')
  const metrics = await probe(origin + ENDPOINTS.metrics.path)
  if (typeof metrics === 'string' || !metrics.ok) return
  notes.fault(
    'metrics',
    'Its metrics are public.',
    `close ${ENDPOINTS.metrics.path} at the proxy, or set metrics: false`,
  )
}

/** What a proxy in front may have done to the page for embedding. */
async function examinePage(origin: string, site: string, notes: Notes): Promise<void> {
  const answer = await probe(`${origin}${ENDPOINTS.hub.path}?origin=${encodeURIComponent(site)}`)
  if (typeof answer === 'string') return notes.fault('page', `The hub page is not served (${answer}).`, cureOf(answer))
  const { headers } = answer
  const html = await answer.text()
  // Found again, and told with its cure, when the site is examined.
  if (problemSchema.safeParse(parseJson(html)).data?.error === 'not-registered') return
  if (!answer.ok || !html.includes('id="isthmus"')) {
    const cure = 'does a firewall or a bot check stand in front of it? It has to let frames through without a question'
    return notes.fault('page', `${ENDPOINTS.hub.path} is answered ${answer.status}, and not by the hub page.`, cure)
  }
  if (headers.get('x-frame-options')) {
    const cure = 'take the header away at the proxy for this path: frame-ancestors says who may embed it'
    notes.fault('page-frame-options', 'X-Frame-Options forbids to embed the hub page.', cure)
  }
  const policies = headers.get('content-security-policy') ?? ''
  if (!policies.includes('frame-ancestors')) {
    notes.fault('page-policy', 'Its Content-Security-Policy is gone.', 'the proxy must not replace it')
  } else if ((policies.match(/script-src/g) ?? []).length > 1) {
    notes.fault(
      'page-policy',
      'A second policy came on the way, and forbids its script.',
      'the proxy must not add one to the hub',
    )
  }
  if (!/no-store/.test(headers.get('cache-control') ?? '')) {
    notes.fault(
      'page-cache',
      'It may be kept by caches, with the state of another user.',
      'the proxy must not change Cache-Control',
    )
  }
  if (headers.get('cross-origin-resource-policy') !== 'cross-origin') {
    const cure = 'the proxy must pass Cross-Origin-Resource-Policy and Cross-Origin-Embedder-Policy on as they are'
    notes.fault('page-corp', 'Sites with COEP cannot embed it.', cure)
  }
  if (/<script[^>]*\bsrc=(?!"\/isthmus\/assets\/)/i.test(html)) {
    notes.fault(
      'page-rewritten',
      'A script was put into it on the way.',
      'switch off what rewrites HTML in front of the hub (beacons, optimizers)',
    )
  }
  if (!headers.get('strict-transport-security') && origin.startsWith('https:')) {
    notes.note('hsts', 'There is no Strict-Transport-Security.', 'add it, so that nobody is led to http')
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
