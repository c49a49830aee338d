import { discoverySchema, ENDPOINTS, isTrustworthyOrigin, JWKS_PATH, parseOrigin } from '@isthmus/protocol'
import { cureOf, type Notes, probe } from './examine.ts'

/** Clocks further apart than this make tokens look as if they were from the future. */
const CLOCK_TOLERANCE_MS = 15_000

/** The hub itself. Gives whether it is one. */
export async function examineHub(hub: string, notes: Notes): Promise<boolean> {
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
  notes.fault('metrics', 'Its metrics are public.', `close ${ENDPOINTS.metrics.path} at the proxy, or set metricsKey`)
}
