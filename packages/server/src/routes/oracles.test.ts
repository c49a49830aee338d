import { ENDPOINTS, type EndpointName } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { type Agent, CUSTOMER, createWorld, HUB, NEWS, navigationFrom, SHOP, type World } from '../hub.test-world.ts'
import { createSecret, sha256 } from '../session/secrets.ts'

const EVIL = 'https://evil.example'
const visit = new URLSearchParams({ return_to: `${SHOP}/`, challenge: sha256(createSecret()) }).toString()

/** Addresses as a foreign page may ask for them. */
const ADDRESSES: Partial<Record<EndpointName, string>> = {
  hub: `/isthmus/hub?${new URLSearchParams({ origin: SHOP })}`,
  assets: '/isthmus/assets/hub-aaaaaaaa.js',
  link: `/isthmus/link?${visit}`,
  login: `/isthmus/login?${visit}`,
  confirmVisit: `/isthmus/continue?to=link&${visit}`,
  session: '/isthmus/session?site=shop&token=1&first-party=1',
}

type Sending = { readonly headers: Record<string, string>; readonly body?: string }
const loads = (dest: string, mode = 'no-cors'): Record<string, string> => ({
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': mode,
  'sec-fetch-dest': dest,
  referer: `${EVIL}/`,
})
const form = (origin: string | undefined): Sending => ({
  headers: {
    ...navigationFrom(`${EVIL}/`),
    'content-type': 'text/plain',
    ...(origin !== undefined && { origin }),
  },
  body: JSON.stringify({ ticket: createSecret(), verifier: createSecret(), end: 'others' }),
})

/** What browsers send for each way in which a page of no site can make them ask the hub; `Origin` is theirs, not the page's. */
const GETS: Record<string, Sending> = {
  img: { headers: loads('image') },
  script: { headers: loads('script') },
  style: { headers: loads('style') },
  object: { headers: loads('object', 'navigate') },
  frame: { headers: loads('iframe', 'navigate') },
  'frame of a sandbox': { headers: { ...loads('iframe', 'navigate'), referer: '' } },
  'fetch, no-cors': { headers: loads('empty') },
  'fetch, cors': { headers: { ...loads('empty', 'cors'), origin: EVIL } },
  'fetch of a sandbox': { headers: { ...loads('empty', 'cors'), origin: 'null', referer: '' } },
  EventSource: { headers: { ...loads('empty', 'cors'), origin: EVIL, accept: 'text/event-stream' } },
  'pop-up': { headers: { ...navigationFrom(`${EVIL}/`), referer: `${EVIL}/`, accept: 'text/html' } },
  'pop-up without Referer': { headers: { ...navigationFrom(`${EVIL}/`), accept: 'text/html' } },
  prefetch: { headers: { ...navigationFrom(`${EVIL}/`), referer: `${EVIL}/`, 'sec-purpose': 'prefetch' } },
  prerender: { headers: { ...navigationFrom(`${EVIL}/`), referer: `${EVIL}/`, 'sec-purpose': 'prefetch;prerender' } },
  'form, GET': { headers: { ...navigationFrom(`${EVIL}/`), referer: `${EVIL}/`, accept: 'text/html' } },
}
const POSTS: Record<string, Sending> = {
  form: form(EVIL),
  'form of a sandbox': form('null'),
  'form without Origin': form(undefined),
  'form of another site': form(NEWS),
  'fetch, no-cors': { headers: { ...loads('empty'), origin: EVIL, 'content-type': 'text/plain' } },
  'fetch, cors': { headers: { ...loads('empty', 'cors'), origin: EVIL, 'content-type': 'text/plain' } },
}

async function browsersOf(world: World): Promise<Record<string, Agent>> {
  const [signedIn, signedOut, guest] = [world.agent(), world.agent(), world.agent()]
  await signedIn.signIn(CUSTOMER)
  const partition = await world.link(signedIn, SHOP)
  for (const [name, value] of partition.cookies) signedIn.cookies.set(name, value)
  await signedOut.signIn(CUSTOMER)
  await signedOut.ask('signOut', SHOP)
  await world.link(guest, SHOP)
  return { 'signed in': signedIn, 'signed out': signedOut, guest, 'never here': world.agent() }
}

async function seen(response: Response): Promise<string> {
  const { status, headers } = response
  return JSON.stringify({ status, headers: [...headers], body: await response.text() })
}

/** Those that pages on registered origins may ask themselves. */
const SHARED: readonly EndpointName[] = ['touch', 'signOut', 'session']

/** Every way to ask for an endpoint. A registered site may act for its own users, and so not by `form of another site`. */
function waysTo(name: EndpointName): [string, Sending][] {
  const ways = Object.entries(ENDPOINTS[name].method === 'GET' ? GETS : POSTS)
  return ways.filter(([way]) => !(way === 'form of another site' && SHARED.includes(name)))
}

describe('a page of no site', () => {
  it.each(Object.keys(ENDPOINTS) as EndpointName[])(
    'finds the same at %s whoever is signed in, however it asks, and does nothing',
    async (name) => {
      await using world = await createWorld()
      const browsers = await browsersOf(world)
      // What a hub makes when it is first asked.
      for (const first of ['hub?site=shop', '../.well-known/jwks.json']) await world.agent().send(`/isthmus/${first}`)
      const stored = await world.dump()
      const { method, path } = ENDPOINTS[name]
      for (const [way, sending] of waysTo(name)) {
        const answers = new Set<string>()
        for (const browser of Object.values(browsers)) {
          const response = await browser.send(ADDRESSES[name] ?? path, { method, ...sending })
          expect(response.headers.getSetCookie(), way).toEqual([])
          answers.add(await seen(response))
        }
        expect([...answers], way).toHaveLength(1)
        expect(await world.dump(), way).toBe(stored)
      }
      // Its forms act on nothing (CSRF): the session is what it was.
      expect((await browsers['signed in']?.ask('session', SHOP))?.state.status).toBe('signed-in')
    },
  )
})

describe('a request for a foreign host', () => {
  // DNS rebinding: a name of the attacker's leads to the hub, and its pages are of the same origin as the answers.
  it.each(['session', 'signOut', 'touch', 'endSessions', 'confirmLogout'] as const)(
    'finds no session at %s',
    async (name) => {
      await using world = await createWorld()
      const browser = world.agent()
      await browser.signIn(CUSTOMER)
      const { method, path } = ENDPOINTS[name]
      const foreign = 'https://rebound.example'
      const response = await world.hub.fetch(
        new Request(foreign + path, {
          method,
          // The browser has no cookie for that name; even one that was stolen is not believed beside a foreign Origin.
          headers: {
            origin: foreign,
            'isthmus-origin': foreign,
            'sec-fetch-site': 'same-origin',
            cookie: [...browser.cookies].map((pair) => pair.join('=')).join('; '),
          },
        }),
      )
      expect(response.status).toBe(403)
      expect(await response.text()).not.toContain(CUSTOMER.sub)
      expect((await browser.ask('session', SHOP)).state.status).toBe('signed-in')
    },
  )

  it('is given no proof that another origin made', async () => {
    await using world = await createWorld()
    const page = await world.agent().send('/isthmus/hub?site=shop')
    // The page names the hub by its configured origin, whatever the request calls it.
    expect(page.headers.get('content-security-policy')).toContain(`${HUB}/isthmus/assets/`)
  })
})
