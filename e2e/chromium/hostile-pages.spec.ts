import type { Frame, Page } from '@playwright/test'
import { FORGED_ANSWER } from '../every-world/forged-answer.ts'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import { signIn, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

/** A page of a stranger: it notes each message that it hears, with the port that came along. */
const LISTENER =
  '<script>window.heard = []; addEventListener("message", ({ data, origin }) => heard.push([origin, data]))</script>'

/** A page without the client, with whatever its test puts into it. */
function serveBare(world: World, host: 'evil' | 'news', body: string): void {
  world.hosts.set(world.names[host], (_, response) =>
    response.setHeader('content-type', 'text/html').end(`<!doctype html><title>${host}</title>${LISTENER}${body}`),
  )
}

const shows = (page: Page, text: string | RegExp): Promise<void> => expect(status(page)).toHaveText(text)
const framesAt = (frames: readonly Frame[], prefix: string): Frame[] =>
  frames.filter((frame) => frame.url().startsWith(prefix))

test('a stranger around a registered page, and documents without an origin, are told nothing', async ({
  world,
  open,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const hub = world.url('hub', '')
  const hubPage = `${hub}/isthmus/hub?${new URLSearchParams({ origin: world.url('shop', '') })}`

  await test.step('stranger > shop > hub: the frame of the hub stays empty', async () => {
    serveBare(world, 'evil', `<iframe src="${world.url('shop', '/framed')}"></iframe>`)
    const evil = await open(world.url('evil'))
    const framed = evil.frameLocator('iframe').locator('output')
    await expect(framed).toHaveText('unknown: blocked', PATIENCE)
    expect(await evil.evaluate('heard')).toEqual([])
  })

  await test.step('a sandbox, a data: and a blob: document, and srcdoc of a stranger', async () => {
    const inner = `${LISTENER}<iframe src="${hubPage}" referrerpolicy="origin"></iframe><script>
      onload = () => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = ({ data }) => heard.push(data)
        frames[0].postMessage({ isthmus: 1, type: 'hello', site: 'shop' }, '*', [port2])
        parent.postMessage('asked', '*')
        setInterval(() => heard.length && parent.postMessage(['told', heard], '*'), 20)
      }</script>`
    serveBare(
      world,
      'evil',
      `<script>
        const inner = ${JSON.stringify(inner).replaceAll('<', '\\u003c')}
        const add = (attributes) => document.body.append(Object.assign(document.createElement('iframe'), attributes))
        addEventListener('DOMContentLoaded', () => {
          const sandboxed = document.createElement('iframe')
          sandboxed.sandbox = 'allow-scripts'
          sandboxed.srcdoc = inner
          document.body.append(sandboxed)
          add({ srcdoc: inner })
          add({ src: 'data:text/html,' + encodeURIComponent(inner) })
          add({ src: URL.createObjectURL(new Blob([inner], { type: 'text/html' })) })
        })
      </script>`,
    )
    const evil = await open(world.url('evil'))
    await expect.poll(() => evil.evaluate('heard.filter(([, data]) => data === "asked").length'), PATIENCE).toBe(4)
    expect(await evil.evaluate('heard.filter(([, data]) => data !== "asked")')).toEqual([])
  })

  await test.step('the same inside the page of the site itself, whose sandboxed frames are not the site', async () => {
    const heard = await shop.evaluate(
      (src) =>
        new Promise<unknown>((resolve) => {
          addEventListener('message', ({ origin, data }) => origin === 'null' && resolve(data))
          const sandboxed = document.createElement('iframe')
          sandboxed.sandbox.add('allow-scripts')
          sandboxed.srcdoc = `<iframe src="${src}" referrerpolicy="origin"></iframe><script>
            const heard = []
            addEventListener('message', ({ data }) => heard.push(data))
            onload = () => {
              const { port1, port2 } = new MessageChannel()
              port1.onmessage = ({ data }) => heard.push(data)
              frames[0].postMessage({ isthmus: 1, type: 'hello' }, '*', [port2])
              setTimeout(() => parent.postMessage(heard, '*'), 300)
            }</script>`
          document.body.append(sandboxed)
        }),
      hubPage,
    )
    expect(heard).toEqual([])
  })

  await test.step('the pages of the hub that people see are framed by nobody', async () => {
    const pages = ['/isthmus/logout', '/isthmus/account', '/isthmus/signed-out']
    serveBare(world, 'evil', pages.map((path) => `<iframe src="${hub}${path}"></iframe>`).join(''))
    const evil = await open(world.url('evil'))
    await evil.waitForLoadState()
    expect(framesAt(evil.frames(), hub)).toEqual([])
    expect(evil.frames()).toHaveLength(1 + pages.length)
    // As that of a site is.
    expect(framesAt(shop.frames(), hub)).not.toEqual([])
  })

  await shop.evaluate('session.refresh()')
  await shows(shop, 'signed in: The customer')
})

test('a frame that floods the page and the hub, and one that takes the place of the hub, change nothing', async ({
  world,
  open,
}) => {
  const hub = world.url('hub', '')
  const forged = JSON.stringify({ isthmus: 1, type: 'welcome', answer: FORGED_ANSWER, peers: '', aheadMs: 0 })
  // 100 messages every 10 ms to both: large, deep, cyclic, of types that JSON does not have, with ports that nobody reads.
  serveBare(
    world,
    'evil',
    `<script>
      const forged = ${forged}
      const deep = []
      for (let at = deep, depth = 0; depth < 500; depth++) at = at[0] = []
      const cyclic = {}
      cyclic.self = cyclic
      const odd = [deep, cyclic, new Map([['isthmus', 1]]), new Error('x'), new Uint8Array(4096), 1n, null, undefined,
        'x'.repeat(4096), { isthmus: 1, type: '__proto__', answer: { __proto__: null } }, { isthmus: 1, type: 'constructor' },
        { isthmus: 1, type: 'hello', site: { toString: 1 } }, { ...forged, answer: { ...forged.answer, state: cyclic } }, forged]
      window.sent = 0
      const targets = () => [parent, ...Array.from({ length: parent.length }, (_, index) => parent[index])]
      setInterval(() => {
        for (let turn = 0; turn < 100; turn++) {
          for (const target of targets()) {
            if (target === self) continue
            const { port2 } = new MessageChannel()
            target.postMessage(odd[sent++ % odd.length], '*', turn === 0 ? [port2] : [])
          }
        }
      }, 10)
    </script>`,
  )
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  await shop.evaluate((src) => {
    const frame = Object.assign(document.createElement('iframe'), { src, name: 'flood' })
    document.body.append(frame)
  }, world.url('evil'))
  const flood = (): Frame | undefined => shop.frame('flood') ?? undefined
  await expect.poll(() => flood()?.evaluate<number>('window.sent'), PATIENCE).toBeGreaterThan(10_000)

  await test.step('page and hub answer meanwhile', async () => {
    for (let turn = 0; turn < 5; turn++) await shop.evaluate('session.refresh()')
    await shows(shop, 'signed in: The customer')
  })

  await test.step('what takes the place of the hub in its frame is not believed', async () => {
    serveBare(
      world,
      'evil',
      `<script>
      setInterval(() => {
        const { port1, port2 } = new MessageChannel()
        port1.postMessage({ isthmus: 1, type: 'push', answer: ${JSON.stringify(FORGED_ANSWER)} })
        parent.postMessage(${forged}, '*', [port2])
      }, 5)</script>`,
    )
    const frames = (): number => world.hosts.requests.filter(({ path }) => path.startsWith('/isthmus/hub')).length
    const before = frames()
    await shop.evaluate(
      ({ hub, src }) => {
        const frame = [...document.querySelectorAll('iframe')].find((one) => one.src.startsWith(hub))
        if (!frame) throw new Error('no frame')
        frame.src = src
      },
      { hub, src: world.url('evil', '/instead') },
    )
    await expect.poll(() => shop.frames().some((frame) => frame.url().endsWith('/instead')), PATIENCE).toBe(true)
    // The page notices by itself that nobody answers, and embeds the hub anew.
    await shop.evaluate('void session.refresh()')
    await expect.poll(frames, PATIENCE).toBeGreaterThan(before)
    await shows(shop, 'signed in: The customer')
    expect(JSON.stringify(await shop.evaluate('seen'))).not.toContain('forged')
  })

  await test.step('a sign-out elsewhere reaches the page', async () => {
    const news = await open(world.url('news'))
    await shows(news, 'signed in: The customer')
    await news.evaluate('isthmus.signOut()')
    await shows(shop, 'signed-out: logout')
  })
})

test('a registered site that is hostile reads its own share and nothing of its neighbours', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const hub = world.url('hub', '')
  const news = await open(world.url('news'))
  await shows(news, /^signed in/)

  await test.step('by requests in the name of another', async () => {
    const asked = await news.evaluate(
      async ({ hub, shop }) => {
        const ask = (path: string, init: RequestInit = {}): Promise<string> =>
          fetch(hub + path, { credentials: 'include', ...init }).then(
            (response) => response.text(),
            (error) => error.name,
          )
        return Promise.all([
          ask('/isthmus/session?site=shop&token=1'),
          ask('/isthmus/session?token=1', { headers: { 'isthmus-origin': shop } }),
          ask('/isthmus/events?site=shop'),
          ask('/isthmus/redeem', { method: 'POST', body: '{}' }),
          ask('/isthmus/visits', { method: 'POST', body: '{}' }),
          ask(`/isthmus/hub?${new URLSearchParams({ origin: shop })}`),
        ])
      },
      { hub, shop: world.url('shop', '') },
    )
    const [own] = [await news.evaluate('JSON.stringify(isthmus.current)')]
    expect(own).not.toContain('gold')
    for (const answer of asked) {
      expect(answer).not.toContain('u-customer')
      expect(answer).not.toContain('eyJ')
    }
  })

  await test.step('by the page of the hub, asked in the name of another', async () => {
    const heard = await news.evaluate(
      ({ hub, shop }) =>
        new Promise<unknown[]>((resolve) => {
          const heard: unknown[] = []
          const frame = document.createElement('iframe')
          addEventListener('message', ({ source, data }) => source === frame.contentWindow && heard.push(data))
          frame.referrerPolicy = 'no-referrer'
          frame.src = `${hub}/isthmus/hub?${new URLSearchParams({ origin: shop, site: 'shop', token: '1' })}`
          frame.onload = () => {
            const { port1, port2 } = new MessageChannel()
            port1.onmessage = ({ data }) => heard.push(data)
            frame.contentWindow?.postMessage({ isthmus: 1, type: 'hello', site: 'shop' }, hub, [port2])
            setTimeout(resolve, 300, heard)
          }
          document.body.append(frame)
        }),
      { hub, shop: world.url('shop', '') },
    )
    expect(heard).toEqual([])
  })

  await test.step('by cookies that a neighbour of the hub sets for it, with longer paths', async () => {
    const my = await open(world.url('my'))
    const planted = await my.evaluate((domain) => {
      const value = 'x'.repeat(43)
      for (const name of ['__Host-isthmus', '__Host-isthmus.session', '__Host-isthmus-shop', 'isthmus']) {
        for (const path of ['/', '/isthmus', '/isthmus/hub', '/isthmus/account']) {
          // biome-ignore lint/suspicious/noDocumentCookie: An attacker would.
          document.cookie = `${name}=${value}; Domain=${domain}; Path=${path}; Secure; SameSite=None`
        }
      }
      return document.cookie
    }, world.names.hub)
    // The prefix __Host- is for the host itself, with the path "/".
    expect(planted).toBe(`isthmus=${'x'.repeat(43)}`)
    const account = await open(world.url('hub', '/isthmus/account'))
    await expect(account.locator('h1')).toHaveText('Your sessions')
    const tossed = world.hosts.requests.filter(
      ({ host, headers }) => host === world.names.hub && /__Host-[^=]*=x{43}/.test(headers.cookie ?? ''),
    )
    expect(tossed).toEqual([])
  })

  await shop.evaluate('session.refresh()')
  await shows(shop, 'signed in: The customer')
})
