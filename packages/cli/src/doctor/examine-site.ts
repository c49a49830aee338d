import { discoverySchema, ENDPOINTS, originOf } from '@isthmus/protocol'
import { cureOf, type Notes, probe, strangerOf } from './examine.ts'
import { examineFrame } from './examine-frame.ts'
import { examineLogout } from './examine-logout.ts'
import { examineSignIn } from './examine-sign-in.ts'
import { forbids } from './policies.ts'

interface Place {
  readonly hub: string
  readonly logoutPath: string
}

/** One page of a site, and where its back end takes logouts. */
export async function examineSite(
  url: string,
  { hub, logoutPath }: Place,
  isHub: boolean,
  notes: Notes,
): Promise<void> {
  const origin = originOf(url)
  if (!origin) return notes.fault('site-url', `"${url}" is no address.`, 'write a whole one: https://shop.example/')
  if (isHub) await examineRegistration(hub, url, origin, notes)
  const page = await probe(url, { headers: { accept: 'text/html' }, redirect: 'follow' })
  if (typeof page === 'string')
    return notes.fault('site-unreachable', `${url} cannot be reached (${page}).`, cureOf(page))
  if (!page.ok)
    notes.fault(
      'site-status',
      `${url} is answered ${page.status}.`,
      strangerOf(page.headers) ?? 'name a page that visitors get; or does a firewall stand in front of it?',
    )
  examinePolicies(url, hub, page.headers, notes)
  await examinePage(url, hub, page, notes)
  await examineLogout(origin + logoutPath, hub, notes)
}

async function examineRegistration(hub: string, url: string, origin: string, notes: Notes): Promise<void> {
  const answer = await probe(hub + ENDPOINTS.discovery.path, { headers: { origin } })
  const discovery =
    typeof answer === 'string' ? undefined : discoverySchema.safeParse(await answer.json().catch(() => {}))
  if (discovery?.data?.site) {
    notes.good('site-registered', `${origin} is the site "${discovery.data.site}".`)
    await examineFrame(hub, origin, discovery.data.site, notes)
    await examineSignIn(hub, url, notes)
  } else
    notes.fault(
      'site-unregistered',
      `${origin} is not registered.`,
      `add "${origin}" to the origins of one of the hub's sites`,
    )
}

function examinePolicies(url: string, hub: string, headers: Headers, notes: Notes): void {
  for (const [name, why] of [
    ['frame-src', 'the frame of the hub'],
    ['connect-src', 'the question what is wrong, where the frame is silent'],
  ] as const) {
    const forbidding = forbids(headers.get('content-security-policy') ?? '', name, hub)
    if (!forbidding) continue
    const { directive, sources } = forbidding
    const saw = `The policy of ${url} forbids ${why}: ${directive} ${sources.join(' ')}`
    notes.fault(`site-${name}`, saw, `add ${hub} to ${name}`)
  }
  if (/same-origin/.test(headers.get('cross-origin-opener-policy') ?? '')) {
    notes.note('site-coop', `${url} has a Cross-Origin-Opener-Policy; Isthmus needs no opener.`)
  }
  if (/no-store/.test(headers.get('cache-control') ?? '')) {
    notes.note(
      'site-no-store',
      `${url} is no-store: browsers load it anew at every step back.`,
      'private, no-cache does the same for users, and keeps the back button fast',
    )
  } else if (/public|s-maxage/.test(headers.get('cache-control') ?? '')) {
    notes.note(
      'site-public',
      `${url} may be kept by shared caches.`,
      'if it shows a user, one user may get the page of another: private, no-cache',
    )
  }
}

async function examinePage(url: string, hub: string, page: Response, notes: Notes): Promise<void> {
  const html = await page.text()
  const tag = new RegExp(`<script[^>]*src="?'?${hub.replaceAll('.', '\\.')}/isthmus/client\\.js[^>]*>`, 'i').exec(html)
  if (tag) await examineScript(url, hub, page.headers, tag[0], notes)
  else notes.note('site-script', `${url} has no script tag of this hub.`, 'well, if the page bundles @isthmus/client')
  if (/<meta[^>]+http-equiv=["']?content-security-policy/i.test(html)) {
    notes.note(
      'site-meta-policy',
      `${url} has a policy in a <meta>, too, which was not looked at.`,
      `it has to allow ${hub} in frame-src and connect-src`,
    )
  }
  const worker = /serviceWorker\s*\.\s*register/.test(html) ? url : await findServiceWorker(url)
  if (worker !== undefined) {
    notes.note(
      'site-service-worker',
      `${worker} ${worker === url ? 'registers a service worker' : 'is a service worker'}.`,
      'it has to leave /isthmus/ and requests to other origins alone',
    )
  }
}

/** The script tag, under the policies of its page. */
async function examineScript(url: string, hub: string, headers: Headers, tag: string, notes: Notes): Promise<void> {
  const policy = headers.get('content-security-policy') ?? ''
  const forbidding = forbids(policy, 'script-src', hub)
  // A nonce admits the tag that carries it; whether it is the right one, only a browser can tell.
  const hasNonce = /\bnonce=/i.test(tag) && forbidding?.sources.some((source) => source.startsWith("'nonce-"))
  if (forbidding && !hasNonce) {
    notes.fault(
      'site-script-src',
      `The policy of ${url} forbids the script of the hub: ${forbidding.directive} ${forbidding.sources.join(' ')}`,
      `add ${hub} to ${forbidding.directive}`,
    )
  } else notes.good('site-script', `${url} loads the client.`)
  if (!/require-corp/.test(headers.get('cross-origin-embedder-policy') ?? '')) return
  const script = await probe(hub + ENDPOINTS.client.path)
  if (typeof script === 'string' || script.headers.get('cross-origin-resource-policy') === 'cross-origin') return
  notes.fault(
    'site-coep',
    `${url} has Cross-Origin-Embedder-Policy: require-corp, which keeps the script of the hub out.`,
    `the proxy in front of the hub must pass Cross-Origin-Resource-Policy on as it is`,
  )
}

/** Names under which frameworks serve their service workers; a page may register one in a script that is not read here. */
const SERVICE_WORKERS = ['/sw.js', '/service-worker.js', '/ngsw-worker.js']

async function findServiceWorker(url: string): Promise<string | undefined> {
  const addresses = SERVICE_WORKERS.map((path) => new URL(path, url).href)
  const answers = await Promise.all(addresses.map((address) => probe(address)))
  return addresses.find((_, index) => {
    const answer = answers[index] as Response | string
    return typeof answer !== 'string' && answer.ok && /javascript/.test(answer.headers.get('content-type') ?? '')
  })
}
