import {
  ENDPOINTS,
  type EndpointName,
  type HubPageData,
  hubPageDataSchema,
  type Problem,
  problemSchema,
  type SiteAnswer,
  siteAnswerSchema,
  TICKET_FRAGMENT,
} from '@isthmus/protocol'
import { parseSetCookie, stringifyCookie } from 'cookie'
import type { HubConfig } from './config/hub-config.ts'
import type { SiteConfig } from './config/site.ts'
import { createHub, type Hub, type SignInResult } from './create-hub.ts'
import { type HeldTime, holdTime } from './held-time.test-world.ts'
import { createSecret, sha256 } from './session/secrets.ts'
import type { Subject } from './session/subject.ts'
import { memoryStore } from './store/memory.ts'
import type { Store } from './store/store.ts'
import { type ToldSecrets, watchForSecrets } from './told-secrets.test-world.ts'

export const HUB = 'https://auth.example'
export const SHOP = 'https://shop.example'
export const SHOP_WWW = 'https://www.shop.example'
export const NEWS = 'https://news.example'
export const STAFF = 'https://staff.example'

export const SITES: readonly SiteConfig[] = [
  { id: 'shop', origins: [SHOP, SHOP_WWW], claims: ['name', 'cart'] },
  { id: 'news', origins: [NEWS], claims: ['email'] },
  { id: 'staff', origins: [STAFF], claims: ['name'], groups: { anyOf: ['staff'] } },
]

export const CUSTOMER: Subject = {
  sub: 'customer',
  claims: { name: 'Customer', cart: 3, email: 'customer@mail.example', secret: 'for nobody' },
  groups: ['customers'],
}
export const CLERK: Subject = { sub: 'clerk', claims: { name: 'Clerk' }, groups: ['staff'] }

/** When every world begins; no test depends on the date. */
export const START: number = Date.UTC(2030, 0, 1)

/** What a request is made of, for {@link Agent}. */
interface Sending {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | ReadableStream
}

/** Something that keeps cookies: a browser's first-party jar, or one partition of it. Answers are never followed. */
export interface Agent {
  readonly cookies: Map<string, string>
  request(path: string, sending?: Sending): Request
  send(path: string, sending?: Sending): Promise<Response>
  /** A top-level navigation: from the page that `referer` names, else by an address that the user typed. */
  visit(path: string, sending?: Sending): Promise<Response>
  /** Where the page that a navigation finds leads on by itself. */
  follow(path: string, sending?: Sending): Promise<string | undefined>
  /** The hub page in a frame of this page: what is inlined. */
  embed(origin: string): Promise<HubPageData>
  /** A request of the hub page on behalf of a page: as {@link Agent.send}, with what browsers add. */
  call(name: EndpointName, origin: string, sending?: Sending): Promise<Response>
  /** As {@link Agent.call}, for an answer that has to be a state. */
  ask(name: EndpointName, origin: string, sending?: Sending): Promise<SiteAnswer>
  /** What the login page does, once it has checked the password. */
  signIn(subject: Subject, path?: string): Promise<SignInResult>
}

/** A hub with a held time and a store in memory. */
export interface World extends AsyncDisposable {
  readonly hub: Hub
  readonly store: Store
  now(): number
  pass(ms: number): void
  agent(cookies?: Readonly<Record<string, string>>): Agent
  /** All that the store holds, but for the mark of its format, as text. */
  dump(): Promise<string>
  /** A ticket from the silent bounce of this browser, with the verifier that belongs to it. */
  ticket(browser: Agent, returnTo: string, site?: string): Promise<{ ticket: string; verifier: string }>
  /** Links a new partition of a browser to its session, for the site of this origin. */
  link(browser: Agent, origin: string): Promise<Agent>
}

export async function createWorld(config: Partial<HubConfig> = {}, time: HeldTime = holdTime(START)): Promise<World> {
  const { clock, timer, pass } = time
  const store = config.store ?? memoryStore({ clock })
  const hub = await createHub({ origin: HUB, sites: SITES, clock, timer, ...config, store })

  const secrets = watchForSecrets(hub)

  const agent: World['agent'] = (initial = {}) => createAgent(hub, new Map(Object.entries(initial)), secrets)
  const ticket: World['ticket'] = async (browser, returnTo, site) => {
    const verifier = createSecret()
    const query = new URLSearchParams({ return_to: returnTo, challenge: sha256(verifier), ...(site && { site }) })
    const headers = { referer: `${new URL(returnTo).origin}/` }
    const back = (await browser.visit(`${ENDPOINTS.link.path}?${query}`, { headers })).headers.get('location') ?? ''
    return { ticket: back.split(`#${TICKET_FRAGMENT}=`)[1] ?? '', verifier }
  }

  async function dump(): Promise<string> {
    const keys = (await store.keys('')).filter((key) => key !== 'hub/format')
    return JSON.stringify(await Promise.all(keys.map(async (key) => [key, (await store.get(key))?.value])))
  }

  return {
    hub,
    store,
    now: clock,
    pass,
    agent,
    dump,
    ticket,
    async link(browser, origin) {
      const partition = agent()
      await partition.ask('redeem', origin, { body: JSON.stringify(await ticket(browser, `${origin}/`)) })
      return partition
    },
    // Every scenario ends with a look at what was said in it, and at what is stored.
    async [Symbol.asyncDispose]() {
      const stored = await dump().catch(() => '')
      await hub.close()
      secrets.search(stored)
    },
  }
}

function createAgent(hub: Hub, cookies: Map<string, string>, secrets: ToldSecrets): Agent {
  function keep(setCookies: readonly string[]): void {
    for (const { name, value, maxAge } of setCookies.map((text) => parseSetCookie(text))) {
      if (maxAge === 0) cookies.delete(name)
      else cookies.set(name, value ?? '')
    }
  }

  function request(path: string, { method = 'GET', headers = {}, body }: Sending = {}): Request {
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const cookie = stringifyCookie(Object.fromEntries(cookies))
    return new Request(HUB + path, {
      method,
      headers: { ...(cookie && { cookie }), ...Object.fromEntries(given) },
      ...(body !== undefined && { body, duplex: 'half' }),
    })
  }

  async function send(path: string, sending?: Sending): Promise<Response> {
    const response = await hub.fetch(request(path, sending))
    await secrets.note(response)
    keep(response.headers.getSetCookie())
    return response
  }

  function visit(path: string, { headers, ...sending }: Sending = {}): Promise<Response> {
    return send(path, { headers: { accept: 'text/html', ...navigationFrom(headers?.referer), ...headers }, ...sending })
  }

  function call(name: EndpointName, origin: string, { headers, ...sending }: Sending = {}): Promise<Response> {
    const { method, path } = ENDPOINTS[name]
    const added = {
      'sec-fetch-site': 'same-origin',
      'isthmus-origin': origin,
      ...(method === 'POST' && { origin: HUB }),
    }
    return send(path, { method, headers: { ...added, ...headers }, ...sending })
  }

  return {
    cookies,
    request,
    send,
    visit,
    async follow(path, sending) {
      const page = await (await visit(path, sending)).text()
      return /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(page)?.[1]?.replaceAll('&amp;', '&')
    },
    async embed(origin) {
      return inlinedIn(await (await send(ENDPOINTS.hub.path, { headers: { referer: `${origin}/` } })).text())
    },
    call,
    async ask(name, origin, sending) {
      return siteAnswerSchema.parse(await (await call(name, origin, sending)).json())
    },
    async signIn(subject, path = '/login') {
      const result = await hub.signIn(request(path, { method: 'POST' }), subject)
      keep(result.cookies)
      await secrets.note(result.cookies)
      return result
    },
  }
}

/** What a browser says of a navigation of the whole tab, from a page or by an address that its user typed. */
export function navigationFrom(referer?: string): Record<string, string> {
  const site = referer === undefined ? 'none' : referer.startsWith(`${HUB}/`) ? 'same-origin' : 'cross-site'
  return { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': site }
}

/** What the hub page finds inlined. */
export function inlinedIn(page: string): HubPageData {
  const json = /<script type="application\/json" id="isthmus">(.*?)<\/script>/s.exec(page)?.[1]
  return hubPageDataSchema.parse(JSON.parse(json ?? ''))
}

/** The error that an answer carries, with its status. */
export async function problemOf(response: Response): Promise<Problem & { status: number }> {
  return { ...problemSchema.parse(await response.json()), status: response.status }
}

/** A store in memory that tells how many topics are followed. */
export function countingStore(): { store: Store; followers: () => number } {
  const store = memoryStore()
  let followers = 0
  const subscribe: Store['subscribe'] = async (topic, listener) => {
    const unsubscribe = await store.subscribe(topic, listener)
    followers += 1
    return () => {
      followers -= 1
      unsubscribe()
    }
  }
  return { store: { ...store, subscribe }, followers: () => followers }
}
