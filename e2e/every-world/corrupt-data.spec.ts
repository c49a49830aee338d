import type { PrivacyWorld, Tab } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import {
  afterLogin,
  bounces,
  clickSignIn,
  clickSignInAtOnce,
  consoleText,
  diagnosis,
  ONCE,
  seen,
  shows,
  signIn,
  signInAtOnce,
  signOut,
  snapshot,
  UNLINKED,
} from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'
import { forget, giveNoCookie } from './hub-faults.ts'

const HUGE = 'x'.repeat(500_000)

/** Keeps what the console was told and what reached the page, in whichever document of the tab. */
const RECORD = `<script>
  const note = (key, value) =>
    sessionStorage.setItem(key, JSON.stringify([...JSON.parse(sessionStorage.getItem(key) ?? '[]'), String(value)]))
  const warn = console.warn
  console.warn = (...words) => { note('said', words.join(' ')); warn.apply(console, words) }
  addEventListener('error', ({ message }) => note('failures', message))
  addEventListener('unhandledrejection', ({ reason }) => note('failures', reason))
</script>`

/** How often the pages of this tab have said that something is corrupt in a place. */
async function saidOf(tab: Tab, place: string): Promise<number> {
  const said = await tab.evaluate<string[]>("JSON.parse(sessionStorage.getItem('said') ?? '[]')")
  return said.filter((line) => line.startsWith('isthmus: storage-corrupt: ') && line.includes(place)).length
}

async function failuresOf(tab: Tab): Promise<string[]> {
  return tab.evaluate("JSON.parse(sessionStorage.getItem('failures') ?? '[]')")
}

test.describe('sessionStorage', () => {
  test('instead of what a tab kept for its way back: the ticket is lost, and nothing else', async ({
    world,
    open,
    privacyWorld,
  }) => {
    const key = `isthmus:pending:${world.url('hub', '')}`
    // Over what the client keeps, before it comes back.
    const plant = `<script>
      const planted = localStorage.getItem('plant')
      if (planted !== null && location.hash.startsWith('#isthmus=')) {
        sessionStorage.setItem('${key}', planted)
        localStorage.removeItem('plant')
      }
    </script>`
    world.serve('shop', { head: RECORD + plant })
    const shop = await open(world.url('shop', '/first'))
    await signIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')

    const kinds = {
      'no JSON': '{',
      nothing: '',
      null: 'null',
      'a number': '7',
      'a list': '[["verifier"]]',
      'wrong types': JSON.stringify({ verifier: 5, href: [] }),
      'a list that reads as text': JSON.stringify({ verifier: ['v'.repeat(43)], href: '#/evil' }),
      'another version': JSON.stringify({ version: 2, kept: { verifier: 'v'.repeat(43) } }),
      'a prototype': `{"__proto__":{"verifier":"${'v'.repeat(43)}","href":"#/evil"}}`,
      huge: HUGE,
    }
    for (const [index, [kind, value]] of Object.entries(kinds).entries()) {
      await test.step(kind, async () => {
        const address = world.url('shop', `/cart?${index}`)
        await shop.goto(address)
        await shop.evaluate(`localStorage.setItem('plant', ${JSON.stringify(value)})`)
        await signInAtOnce(shop)
        await shows(shop, 'signed in: The customer')
        expect(await shop.evaluate('location.href')).toBe(address)
        expect(await shop.evaluate(`[sessionStorage.getItem('${key}'), localStorage.getItem('plant')]`)).toEqual([
          null,
          null,
        ])
        await expect.poll(() => saidOf(shop, key), PATIENCE).toBe(index + 1)
        // The ticket has nobody who asked for it any more.
        await expect.poll(() => saidOf(shop, 'URL fragment'), PATIENCE).toBe(index + 1)
      })
    }
    expect(bounces(world)).toBe(ONCE[privacyWorld])
    expect(await failuresOf(shop)).toEqual([])
  })

  test('instead of the mark of a tab that was led away: it is led away once, as any', async ({
    world,
    open,
    privacyWorld,
  }) => {
    const key = `isthmus:tried:${world.url('hub', '')}`
    world.serve('shop', { head: RECORD, options: { link: 'manual' } })
    const remember = world.interceptHub(forget)
    const shop = await open(world.url('shop', '/first'))
    await shows(shop, UNLINKED[privacyWorld])
    world.serve('shop', { head: RECORD })
    const kinds = ['', 'null', '{"tried":true}', '{"__proto__":{"tried":1}}', 'LEFT', '1', HUGE]
    for (const [index, value] of kinds.entries()) {
      await shop.evaluate(`sessionStorage.setItem('${key}', ${JSON.stringify(value)})`)
      const address = world.url('shop', `/cart?${index}#/route`)
      await shop.goto(address)
      await expect.poll(() => bounces(world), PATIENCE).toBe((index + 1) * ONCE[privacyWorld])
      await shop.waitFor(`location.href === '${address}' && window.session`)
      await shows(shop, UNLINKED[privacyWorld])
      if (!ONCE[privacyWorld]) continue
      expect(await shop.evaluate(`sessionStorage.getItem('${key}')`)).toBe('left')
      await expect.poll(() => saidOf(shop, key), PATIENCE).toBe(index + 1)
    }
    // What nobody reads nobody reports: where the cookie gets through, there is nothing to mark.
    if (!ONCE[privacyWorld]) await expect.poll(() => saidOf(shop, key), PATIENCE).toBe(0)
    remember()
    await clickSignIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    expect(await failuresOf(shop)).toEqual([])
  })
})

test.describe('the cookie of the mirror', () => {
  const token = (claims: object | string): string => {
    const payload = typeof claims === 'string' ? claims : JSON.stringify(claims)
    return `e30.${Buffer.from(payload).toString('base64url')}.AA`
  }

  test('that is not ours shows nobody, and goes', async ({ world, open }) => {
    world.serve('shop', { head: RECORD, options: { mirror: 'cookie', site: 'shop' } })
    const shop = await open(world.url('shop', '/first'))
    await shows(shop, 'signed-out: none')
    const claims = { iss: world.url('hub', ''), aud: 'shop', sub: 'u-evil', sid: 's', iat: 1, exp: 9e9, name: 'Evil' }
    const kinds = {
      'no token': 'garbage',
      nothing: '',
      'what cannot be decoded': '%E0%A4%A',
      'three parts of nothing': 'a.b.c',
      'huge, for a cookie': 'x'.repeat(3800),
      'no JSON inside': token('{'),
      'wrong types': token({ ...claims, sub: 5 }),
      'another version': token({ v: 2, user: 'u-evil' }),
      'a prototype': token(`{"__proto__":${JSON.stringify(claims)}}`),
      'another hub’s': token({ ...claims, iss: 'https://other.localhost' }),
      'another site’s': token({ ...claims, aud: 'news' }),
    }
    for (const [index, [kind, value]] of Object.entries(kinds).entries()) {
      await test.step(kind, async () => {
        // Twice: on this host, and for all of the domain.
        for (const domain of ['', `; domain=${world.names.shop}`]) {
          await shop.evaluate(`document.cookie = 'isthmus_token=${value}; path=/; secure; samesite=lax${domain}'`)
        }
        expect(await shop.evaluate('document.cookie')).toContain('isthmus_token')
        await shop.goto(world.url('shop', `/cart?${index}`))
        await shows(shop, 'signed-out: none')
        expect(JSON.stringify(await seen(shop))).not.toContain('signed-in')
        expect(await shop.evaluate('document.cookie')).not.toContain('isthmus_token')
        await expect.poll(() => saidOf(shop, 'cookie isthmus_token'), PATIENCE).toBe(index + 1)
      })
    }
    await shop.evaluate("document.cookie = 'isthmus_token=garbage; path=/; secure'")
    await signIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    await expect.poll(() => shop.evaluate('document.cookie'), PATIENCE).toMatch(/^isthmus_token=ey[^;]*$/)
    expect(await failuresOf(shop)).toEqual([])
  })
})

test.describe('the hub’s database in the site’s partition', () => {
  /** Opens the hub's database in its frame and does something there. */
  const inDatabase = (act: string): string => `new Promise((resolve, reject) => {
    const opening = indexedDB.open('isthmus')
    opening.onupgradeneeded = () => opening.result.createObjectStore('keys')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const database = opening.result
      const transaction = database.transaction('keys', 'readwrite')
      const keys = transaction.objectStore('keys')
      let result
      ${act}
      transaction.oncomplete = () => { database.close(); resolve(result?.result) }
      transaction.onabort = () => reject(transaction.error)
    }
  })`
  const makePair = (algorithm: string, extractable = false): string =>
    `await crypto.subtle.generateKey(${algorithm}, ${extractable}, ['sign', 'verify'])`
  const P256 = "{ name: 'ECDSA', namedCurve: 'P-256' }"

  /** How often the hub's frames have said so; WebKit tells nobody what a frame says. */
  async function framesSaid(tab: Tab): Promise<number> {
    return (await consoleText(tab)).split('isthmus: storage-corrupt: IndexedDB').length - 1
  }

  async function expectSaid(tab: Tab, privacyWorld: PrivacyWorld, times: number): Promise<void> {
    if (privacyWorld !== 'webkit') return expect.poll(() => framesSaid(tab), PATIENCE).toBe(times)
    stateFact('What a frame says to the console is told to nobody.', 'https://bugs.webkit.org/show_bug.cgi?id=176077')
  }

  /** Where the hub's own cookie would get through after the sign-in, its absence says that nobody is signed in. */
  function withoutKey(privacyWorld: PrivacyWorld): RegExp {
    return afterLogin(privacyWorld, 'signed-out: none')
  }

  /** The carrier is found after the state is shown. */
  async function isKeyed(shop: Tab): Promise<void> {
    await expect.poll(async () => (await diagnosis(shop)).carrier, PATIENCE).toBe('key')
  }

  /** A page whose partition keeps its key: no cookie of the hub stays in any world. */
  async function openKeyed(world: World, open: (url: string) => Promise<Tab>): Promise<Tab> {
    world.interceptHub(giveNoCookie)
    world.serve('shop', { head: RECORD })
    const shop = await open(world.url('shop', '/first'))
    await signIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    await isKeyed(shop)
    // Its worker has read the key by then.
    await expect.poll(async () => (await diagnosis(shop)).stream, PATIENCE).toBe('open')
    return shop
  }

  test('with something else than our key: the site counts as unlinked, and the key is made anew', async ({
    world,
    open,
    privacyWorld,
  }) => {
    const shop = await openKeyed(world, open)
    const frame = shop.frame(world.url('hub', '/isthmus/hub'))
    const read = 'result = keys.get("shop")'
    const kinds: Readonly<Record<string, readonly [value: string, reported: boolean]>> = {
      'another key with our handle': [`{ ...kept, pair: ${makePair(P256)} }`, true],
      'two halves of two keys': [`{ ...kept, pair: { ...kept.pair, publicKey: (${makePair(P256)}).publicKey } }`, true],
      'a key that can be taken out': [`{ pair: ${makePair(P256, true)}, handle }`, true],
      'a key of another curve': [`{ pair: ${makePair("{ name: 'ECDSA', namedCurve: 'P-384' }")}, handle }`, true],
      'a key of another kind': [
        `{ pair: { publicKey: kept.pair.publicKey, privateKey: ${makePair("{ name: 'HMAC', hash: 'SHA-256' }")} }, handle }`,
        true,
      ],
      'our key with no handle': ['{ pair: kept.pair, handle: "short" }', true],
      'no key': ['{ pair: { privateKey: {}, publicKey: {} }, handle }', true],
      'a number': ['7', true],
      null: ['null', true],
      text: [`'${'x'.repeat(1000)}'.repeat(500)`, true],
      'another version': ['{ version: 2, keys: [] }', true],
      'a prototype': ['JSON.parse(\'{"__proto__":{"handle":1}}\')', true],
      // As after a day: the hub has forgotten the handle, and nothing is wrong with what is kept.
      'a handle that the hub does not know': ['{ pair: kept.pair, handle }', false],
    }
    let reports = 0
    for (const [kind, [value, reported]] of Object.entries(kinds)) {
      await test.step(kind, async () => {
        await frame.evaluate(`(async () => {
          window.kept = await ${inDatabase(read)}
          const handle = 'h'.repeat(43)
          window.planted = ${value}
          await ${inDatabase("keys.put(planted, 'shop')")}
        })()`)
        await shop.goto(world.url('shop', `/cart?${encodeURIComponent(kind)}`))
        await shows(shop, withoutKey(privacyWorld))
        await expect
          .poll(() => frame.evaluate(`${inDatabase(read)}.then((value) => value === undefined)`), PATIENCE)
          .toBe(true)
        if (reported) reports++
        await expectSaid(shop, privacyWorld, reports)

        await clickSignInAtOnce(shop)
        await shows(shop, 'signed in: The customer')
        await isKeyed(shop)
      })
    }
    await shop.reload()
    await shows(shop, 'signed in: The customer')
    await expectSaid(shop, privacyWorld, reports)
    expect(await failuresOf(shop)).toEqual([])
  })

  test('that has another structure is made anew', async ({ newWorld, open, privacyWorld }) => {
    for (const [kind, makeStores] of [
      ['no store for keys', "createObjectStore('others')"],
      ['one of another version', "createObjectStore('keys', { keyPath: 'id' })"],
    ] as const) {
      await test.step(kind, async () => {
        const world = await newWorld()
        const shop = await openKeyed(world, open)
        await shop.frame(world.url('hub', '/isthmus/hub')).evaluate(`new Promise((resolve, reject) => {
          indexedDB.deleteDatabase('isthmus')
          const opening = indexedDB.open('isthmus', 7)
          opening.onupgradeneeded = () => opening.result.${makeStores}
          opening.onerror = () => reject(opening.error)
          opening.onsuccess = () => { opening.result.close(); resolve() }
        })`)
        await shop.goto(world.url('shop', '/cart'))
        await shows(shop, withoutKey(privacyWorld))
        await clickSignInAtOnce(shop)
        await shows(shop, 'signed in: The customer')
        await isKeyed(shop)
        await shop.goto(world.url('shop', '/other'))
        await shows(shop, 'signed in: The customer')
        await expectSaid(shop, privacyWorld, 1)
        expect(await failuresOf(shop)).toEqual([])
        await shop.close()
      })
    }
  })

  test('that somebody keeps locked for ever counts as none', async ({ world, open, privacyWorld }) => {
    const shop = await openKeyed(world, open)
    const locking = await open(world.url('shop', '/locking'))
    await shows(locking, 'signed in: The customer')
    await locking.frame(world.url('hub', '/isthmus/hub')).evaluate(`new Promise((resolve) => {
      const opening = indexedDB.open('isthmus', 7)
      opening.onupgradeneeded = ({ target: { transaction } }) => {
        const use = () => { transaction.objectStore('keys').get('shop').onsuccess = use }
        use()
        resolve()
      }
    })`)
    await shop.goto(world.url('shop', '/cart'))
    await shows(shop, withoutKey(privacyWorld))
    await clickSignInAtOnce(shop)
    await shows(shop, 'signed in: The customer')
    expect(await failuresOf(shop)).toEqual([])
    await locking.close()
    await shop.reload()
    await shows(shop, /signed in: The customer|unknown: partitioned|signed-out: none/)
  })
})

test('the channel of the site’s tabs: forged news of another site, and anything else, changes nothing', async ({
  world,
  open,
}) => {
  world.serve('shop', { head: RECORD })
  const shop = await open(world.url('shop', '/first'))
  await signIn(shop, 'customer')
  const second = await open(world.url('shop', '/second'))
  for (const tab of [shop, second]) await shows(tab, 'signed in: The customer')
  const before = await snapshot(shop)
  const announced = (await seen(shop)).length

  const name = `isthmus:${world.url('hub', '')}:`
  const state = {
    status: 'signed-in',
    access: 'granted',
    sid: 'forged',
    user: { sub: 'u-forged', name: 'Forged' },
    expiresAt: 9e15,
    idleExpiresAt: 9e15,
    revision: 9e15,
  }
  const news = { isthmus: 1, type: 'news', answer: { site: 'news', carrier: 'cookie', state } }
  const kinds: readonly unknown[] = [
    null,
    'news',
    7,
    [],
    HUGE,
    { ...news, isthmus: 2 },
    { ...news, type: 'push' },
    { isthmus: 1, type: 'news', answer: { site: 'shop', carrier: 'cookie', state: { ...state, revision: 'late' } } },
    JSON.parse(`{"__proto__":${JSON.stringify(news)},"isthmus":1}`),
    news,
  ]
  const post = `(async () => {
    const channel = new BroadcastChannel('${name}')
    for (const text of ${JSON.stringify(kinds.map((kind) => JSON.stringify(kind)))}) channel.postMessage(JSON.parse(text))
    channel.postMessage(new Map([['type', 'news']]))
    channel.close()
  })()`
  for (const tab of [shop, second]) {
    // A tab listens soon after its first answer.
    const said = (): ReturnType<typeof saidOf> => saidOf(tab, `BroadcastChannel ${name}`)
    await expect.poll(() => second.evaluate(post).then(said), PATIENCE).toBe(1)
  }
  // What comes after is heard.
  await signOut(second)
  await shows(shop, 'signed-out: logout')
  const since = (await seen(shop)).slice(announced)
  expect(since.map(({ status }) => status)).toEqual(['signed-out'])
  expect(JSON.stringify(await seen(shop))).not.toContain('forged')
  expect(before).toMatchObject({ status: 'signed-in', user: { name: 'The customer' } })
  await expect.poll(() => saidOf(shop, ''), PATIENCE).toBe(1)
  expect(await failuresOf(shop)).toEqual([])
})

test.describe('the fragment of the address', () => {
  test('that only looks like ours is the user’s own, and stays', async ({ world, open, privacyWorld }) => {
    world.serve('shop', { head: RECORD })
    const fragments = [
      'isthmus',
      'isthmus=',
      'isthmus=garbage',
      '/isthmus=garbage',
      'isthmus=__proto__',
      'isthmus=%E0%A4%A',
      `isthmus=${'x'.repeat(42)}`,
      `isthmus=${'x'.repeat(44)}`,
      `isthmus=${'x'.repeat(43)}&more`,
      `route&isthmus=${'x'.repeat(43)}`,
      `isthmus=${'x'.repeat(20_000)}`,
      'isthmus=link',
      'isthmus=link:',
      'isthmus=link:a%20b',
      'isthmus=link:{"sid":1}',
    ]
    const shop = await open(world.url('shop', '/first'))
    await shows(shop, 'signed-out: none')
    for (const [index, fragment] of fragments.entries()) {
      // A tab of its own would be led away; what that does to a fragment, the loop guard's spec shows.
      await shop.goto(world.url('shop', `/page?${index}#${fragment}`))
      await shows(shop, 'signed-out: none')
      expect(await shop.evaluate('location.href')).toBe(new URL(world.url('shop', `/page?${index}#${fragment}`)).href)
    }
    const fresh = await open(world.url('news', '/page?x#isthmus=garbage'))
    await shows(fresh, 'signed-out: none')
    expect(await fresh.evaluate('location.href')).toBe(world.url('news', '/page?x#isthmus=garbage'))
    expect(bounces(world)).toBe(2 * ONCE[privacyWorld])
    await expect.poll(() => saidOf(shop, ''), PATIENCE).toBe(0)
    expect(await failuresOf(shop)).toEqual([])
  })

  test('with a ticket that nobody asked for, or the hint of a session that there is not, is clean again', async ({
    world,
    open,
    privacyWorld,
  }) => {
    world.serve('shop', { head: RECORD })
    const shop = await open(world.url('shop', '/first'))
    await shows(shop, 'signed-out: none')
    await shop.goto(world.url('shop', `/page?1#isthmus=${'x'.repeat(43)}`))
    await shows(shop, 'signed-out: none')
    expect(await shop.evaluate('location.href')).toBe(world.url('shop', '/page?1'))
    await expect.poll(() => saidOf(shop, 'URL fragment'), PATIENCE).toBe(1)

    await shop.goto(world.url('shop', '/page?2#isthmus=link:__proto__&/route?x=1'))
    await shows(shop, 'signed-out: none')
    await expect.poll(() => shop.evaluate('location.href'), PATIENCE).toBe(world.url('shop', '/page?2#/route?x=1'))
    // A link of another site said that there is a session: looked for once, by the rules of a click.
    expect(bounces(world)).toBe(ONCE[privacyWorld] + 1)
    await signIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')
    await expect.poll(() => saidOf(shop, ''), PATIENCE).toBe(1)
    expect(await failuresOf(shop)).toEqual([])
  })
})

test.describe('the hub’s cookies', () => {
  const FORGOTTEN = 'x'.repeat(43)
  const VALUES = ['garbage', '', '__proto__', '%7B%22sid%22%3A1%7D', 'x'.repeat(2500), FORGOTTEN]

  /** Sets cookies at the hub, in a tab of its own or in a frame of the shop. */
  function plantAt(world: World, value: string): void {
    const rest = 'Path=/; Secure; HttpOnly'
    world.interceptHub((request, response, next) => {
      if (request.path !== '/plant') return next()
      const ours = [
        `__Host-isthmus=${value}; ${rest}; SameSite=None`,
        `__Host-isthmus-shop=${value}; ${rest}; SameSite=None; Partitioned`,
      ]
      const strange = [
        `__Host-isthmus=${value}; ${rest}; SameSite=None; Partitioned`,
        `__Host-isthmus-shop=${value}; ${rest}; SameSite=None`,
        `__Host-isthmus.session=${value}; ${rest}; SameSite=Lax`,
        `__Host-isthmus.guest=${value}; ${rest}; SameSite=Lax`,
      ]
      // What may be a secret stays where we never put one: nobody can know whose it is.
      const where = request.headers['sec-fetch-dest'] === 'document' ? 0 : 1
      response.setHeader('set-cookie', value === FORGOTTEN ? (ours[where] as string) : [...ours, ...strange])
      response.send('<!doctype html><title>Planted</title>')
    })
    world.serve('shop', {
      head: RECORD,
      backEnd(request, response, next) {
        if (request.path !== '/plant') return next()
        response.send(`<!doctype html><title>Planting</title><iframe src="${world.url('hub', '/plant')}"
          onload="document.title = 'Planted'"></iframe>`)
      },
    })
  }

  test('that hold garbage: the hub is honest, and they are gone after a sign-in at the latest', async ({
    newWorld,
    open,
  }) => {
    for (const value of VALUES) {
      const kind = value.length > 30 ? `${value.length} letters` : `"${value}"`
      await test.step(kind, async () => {
        const world = await newWorld()
        plantAt(world, value)
        const shop = await open(world.url('hub', '/plant'))
        await shop.goto(world.url('shop', '/plant'))
        await shop.waitFor("document.title === 'Planted'")
        await shop.goto(world.url('shop', '/cart?x=1#/route'))
        await shows(shop, 'signed-out: none')
        expect(await shop.evaluate('location.href')).toBe(world.url('shop', '/cart?x=1#/route'))
        await signIn(shop, 'customer')
        await shows(shop, 'signed in: The customer')
        await shop.goto(world.url('shop', '/cart'))
        await shows(shop, 'signed in: The customer')

        const since = world.hosts.requests.length
        await shop.goto(world.url('hub'))
        await shop.goto(world.url('shop', '/cart'))
        await shows(shop, 'signed in: The customer')
        const sent = world.hosts.requests.slice(since).filter(({ host }) => host === world.names.hub)
        for (const { headers } of sent) {
          const values = (headers.cookie ?? '').split('; ').filter((pair) => pair.startsWith('__Host-isthmus'))
          for (const pair of values) expect(pair.slice(pair.indexOf('=') + 1)).not.toBe(value)
        }
        await expect.poll(() => saidOf(shop, ''), PATIENCE).toBe(0)
        expect(await failuresOf(shop)).toEqual([])
        await shop.close()
      })
    }
  })
})
