import { discoverySchema, ENDPOINTS, originOf } from '@isthmus/protocol'
import { cureOf, type Notes, probe } from './examine.ts'
import { examineFrame } from './examine-frame.ts'

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
  if (isHub) await examineRegistration(hub, origin, notes)
  const page = await probe(url, { headers: { accept: 'text/html' }, redirect: 'follow' })
  if (typeof page === 'string')
    return notes.fault('site-unreachable', `${url} cannot be reached (${page}).`, cureOf(page))
  if (!page.ok)
    notes.fault('site-status', `${url} is answered ${page.status}.`, 'does a firewall stand in front of it?')
  examinePolicies(url, hub, page.headers, notes)
  await examinePage(url, hub, page, notes)
  await examineLogout(origin + logoutPath, notes)
}

async function examineRegistration(hub: string, origin: string, notes: Notes): Promise<void> {
  const answer = await probe(hub + ENDPOINTS.discovery.path, { headers: { origin } })
  const discovery =
    typeof answer === 'string' ? undefined : discoverySchema.safeParse(await answer.json().catch(() => {}))
  if (discovery?.data?.site) {
    notes.good('site-registered', `${origin} is the site "${discovery.data.site}".`)
    await examineFrame(hub, origin, discovery.data.site, notes)
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
    const sources = sourcesOf(headers.get('content-security-policy') ?? '', name)
    if (sources && !allows(sources, hub)) {
      notes.fault(
        `site-${name}`,
        `The policy of ${url} forbids ${why}: ${name} ${sources.join(' ')}`,
        `add ${hub} to ${name}`,
      )
    }
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

/** The sources of a directive as browsers find them; `undefined` where it is not limited. */
function sourcesOf(policy: string, name: string): readonly string[] | undefined {
  const directives = new Map(
    policy
      .toLowerCase()
      .split(/[;,]/)
      .map((text) => text.trim().split(/\s+/))
      .map(([directive = '', ...sources]) => [directive, sources]),
  )
  const fallbacks = name === 'frame-src' ? ['frame-src', 'child-src', 'default-src'] : [name, 'default-src']
  const found = fallbacks.find((directive) => directives.has(directive))
  return found === undefined ? undefined : directives.get(found)
}

function allows(sources: readonly string[], hub: string): boolean {
  const { origin, host, hostname, protocol } = new URL(hub)
  return sources.some((source) => {
    const plain = source.replace(/\/$/, '')
    if (plain === '*' || plain === protocol || plain === origin || plain === host) return true
    const wildcard = /^(?:https?:\/\/)?\*\.(.+)$/.exec(plain)?.[1]
    return wildcard !== undefined && hostname.endsWith(`.${wildcard}`)
  })
}

async function examinePage(url: string, hub: string, page: Response, notes: Notes): Promise<void> {
  const html = await page.text()
  const tag = new RegExp(`<script[^>]*src="?'?${hub.replaceAll('.', '\\.')}/isthmus/client\\.js`, 'i')
  if (tag.test(html)) notes.good('site-script', `${url} loads the client.`)
  else notes.note('site-script', `${url} has no script tag of this hub.`, 'well, if the page bundles @isthmus/client')
  if (/<meta[^>]+http-equiv=["']?content-security-policy/i.test(html)) {
    notes.note(
      'site-meta-policy',
      `${url} has a policy in a <meta>, too, which was not looked at.`,
      `it has to allow ${hub} in frame-src and connect-src`,
    )
  }
  if (/serviceWorker\s*\.\s*register/.test(html)) {
    notes.note(
      'site-service-worker',
      `${url} registers a service worker.`,
      'it has to leave /isthmus/ and requests to other origins alone',
    )
  }
}

/** A logout token that is none: a receiver refuses it with 400 and a code. Anything else stands in its way. */
async function examineLogout(url: string, notes: Notes): Promise<void> {
  const body = new URLSearchParams({ logout_token: 'isthmus-doctor' })
  const answer = await probe(url, { method: 'POST', body })
  if (typeof answer === 'string')
    return notes.fault('logout-unreachable', `${url} cannot be reached (${answer}).`, cureOf(answer))
  const { status } = answer
  const { error } = ((await answer.json().catch(() => undefined)) ?? {}) as { error?: unknown }
  if (status === 400 && error !== undefined) return notes.good('logout', `${url} takes logout tokens.`)
  const cures: Readonly<Record<number, string>> = {
    200: 'it takes a token that is none: it must check them, or a page answers in its place',
    401: 'exempt the address from your own sign-in: the token is its own proof',
    403: 'exempt the address from CSRF protection (Django, Rails, SvelteKit, Astro, CodeIgniter), or from the firewall',
    404: 'serve it there, or name its path by --logout',
    405: 'it has to take POST',
    419: 'exempt the address from CSRF protection (Laravel: validateCsrfTokens(except: …))',
    503: 'the back end cannot have the hub’s keys: is the hub reachable from there?',
  }
  const redirected = status >= 300 && status < 400
  const cure = redirected
    ? `give the hub the address that it redirects to, ${answer.headers.get('location')}: no redirect is followed`
    : (cures[status] ?? 'see the log of the site')
  notes.fault(
    'logout-refused',
    `${url} answers ${status} to a logout: ended sessions go on there until their tokens run out.`,
    cure,
  )
}
