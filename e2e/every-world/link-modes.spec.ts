import type { Tab } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import { bounces, clickSignIn, ONCE, shows, signIn, UNLINKED } from './acts.ts'
import { expect, test } from './fixtures.ts'

const AUTO = { options: { link: 'auto' } } as const

/** How often the shop's page at this path was asked for. */
function askedFor(world: World, path: string): number {
  return world.hosts.requests.filter((one) => one.host === world.names.shop && one.path === path).length
}

/** The shop's documents so far, and the hub's requests for linking. */
function costs({ hosts, names }: World): [documents: number, requests: number] {
  const documents = hosts.requests.filter((one) => one.host === names.shop && one.destination === 'document')
  const requests = hosts.requests.filter(
    ({ host, path }) => host === names.hub && /^\/isthmus\/(visits|link|redeem)\b/.test(path),
  )
  return [documents.length, requests.length]
}

/** A document is there, and this is true of it; a frame takes its time. */
async function isTrue(tab: Pick<Tab, 'evaluate'>, expression: string): Promise<void> {
  await expect.poll(() => tab.evaluate(`!!(${expression})`).catch(() => false), PATIENCE).toBe(true)
}

/** The page has found out what it can, and stays. */
async function stays(tab: Pick<Tab, 'evaluate'>): Promise<void> {
  await isTrue(tab, 'window.session')
  await tab.evaluate('session.ready.then(() => true)')
}

test('a visitor of whom nothing is known is not led away; their first click on a link of the site passes the hub', async ({
  world,
  open,
  privacyWorld,
}) => {
  world.serve('shop', AUTO)
  const shop = await open(world.url('shop', '/?x=1#/route'))
  await shows(shop, UNLINKED[privacyWorld])
  await stays(shop)
  expect(bounces(world)).toBe(0)
  await shop.click('text=Another page')
  await shop.waitFor("location.pathname === '/other'", { timeoutMs: PATIENCE.timeout })
  await shows(shop, 'signed-out: none')
  expect(bounces(world)).toBe(ONCE[privacyWorld])
  // No page was asked for twice, and the next one knows where its user came from.
  expect([askedFor(world, '/?x=1'), askedFor(world, '/other')]).toEqual([1, 1])
  expect(await shop.evaluate('location.href')).toBe(world.url('shop', '/other'))
  expect(await shop.evaluate('session.referrer')).toBe(world.url('shop', '/?x=1'))
  await shop.back()
  await shop.waitFor("location.search === '?x=1'", { timeoutMs: PATIENCE.timeout })
})

test('a user who comes from another site of the hub is led through it, and signed in', async ({
  world,
  open,
  privacyWorld,
}) => {
  world.serve('shop', AUTO)
  const tab = await open(world.url('news'))
  await signIn(tab, 'customer')
  await shows(tab, 'signed in: The customer')
  const before = bounces(world)
  await tab.evaluate(`void (location.href = '${world.url('shop', '/story')}')`).catch(() => undefined)
  await tab.waitFor("location.pathname === '/story' && window.session", { timeoutMs: PATIENCE.timeout })
  await shows(tab, 'signed in: The customer')
  expect(bounces(world) - before).toBeLessThanOrEqual(ONCE[privacyWorld])
  expect(await tab.evaluate('session.referrer')).toBe(world.url('news', '/'))
})

// What docs/guides/linking.md says of costs.
test.describe('a first visitor of two pages costs what the guide says', () => {
  for (const [link, first, both] of [
    ['manual', [1, 0], [2, 0]],
    ['auto', [1, 0], [2, 3]],
    ['eager', [2, 3], [3, 3]],
  ] as const)
    test(`link: ${link}`, async ({ world, open, privacyWorld }) => {
      world.serve('shop', { options: { link } })
      const isFree = privacyWorld === 'chromium-allowed'
      const isLinked = (requests: number): string => (requests > 0 ? 'signed-out: none' : UNLINKED[privacyWorld])
      const shop = await open(world.url('shop'))
      await shows(shop, isLinked(first[1]))
      // An earlier click would lead where it leads, without the hub.
      await stays(shop)
      await expect.poll(() => costs(world), PATIENCE).toEqual(isFree ? [1, 0] : first)
      await shop.click('text=Another page')
      await shop.waitFor("location.pathname === '/other'", { timeoutMs: PATIENCE.timeout })
      await shows(shop, isLinked(both[1]))
      await expect.poll(() => costs(world), PATIENCE).toEqual(isFree ? [2, 0] : both)
    })
})

test.describe('a page that may be asked for once only is not led away', () => {
  for (const [name, head, path] of [
    ['because it says so', '<meta name="isthmus-link" content="stay">', '/paid'],
    ['because its address looks so', '', '/confirm/9f86d081884c7d659a2feaa0c55ad015'],
  ] as const)
    test(name, async ({ world, open, privacyWorld }) => {
      world.serve('shop', { head, options: { link: 'eager' } })
      const shop = await open(world.url('shop', path))
      await shows(shop, UNLINKED[privacyWorld])
      await stays(shop)
      expect([bounces(world), askedFor(world, path)]).toEqual([0, 1])
    })
})

test('a visit that a firewall before the hub refuses is not begun; a call of the page goes by the long address', async ({
  world,
  open,
  privacyWorld,
}) => {
  world.interceptHub(({ path }, response, next) => {
    if (path === '/isthmus/visits') response.status(403).send('<h1>Request blocked</h1>')
    else next()
  })
  const shop = await open(world.url('shop', '/?q=%27--'))
  await shows(shop, UNLINKED[privacyWorld])
  await stays(shop)
  expect([bounces(world), askedFor(world, '/?q=%27--')]).toEqual([0, 1])
  await clickSignIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  expect(await shop.evaluate('location.href')).toBe(world.url('shop', '/?q=%27--'))
})

// Regression: text in an editor's frame was lost, as it told the page of no input.
test('a page whose user writes in a frame of it is not led away', async ({ world, open, privacyWorld }) => {
  const head = `<script>addEventListener('DOMContentLoaded', () => {
    const editor = document.createElement('iframe')
    editor.srcdoc = '<textarea autofocus></textarea>'
    document.body.prepend(editor)
  })</script>`
  world.serve('shop', { head, options: { link: 'eager', timeoutMs: PATIENCE.timeout } })
  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  world.interceptHub(async ({ path }, _, next) => {
    if (path === '/isthmus/hub') await held
    next()
  })
  const shop = await open(world.url('shop'))
  const editor = shop.frame('about:srcdoc')
  await isTrue(editor, "document.querySelector('textarea')")
  await editor.click('textarea')
  await shop.type('Dear')
  letGo()
  await shows(shop, UNLINKED[privacyWorld])
  await stays(shop)
  expect(bounces(world)).toBe(0)
  expect(await editor.evaluate("document.querySelector('textarea').value")).toBe('Dear')
})

test.describe('in a frame of another page, sign-in', () => {
  const CAN_RUN = 'allow-scripts allow-same-origin'

  /** The shop with a button, in a frame of another host's page. */
  async function openFramed(world: World, open: (url: string) => Promise<Tab>, host: 'evil' | 'www', sandbox: string) {
    world.serve('shop', {
      head: `<script>addEventListener('DOMContentLoaded', () => {
        const button = document.createElement('button')
        button.textContent = 'Sign in'
        button.onclick = () => session.signIn()
        document.body.prepend(button)
      })</script>`,
    })
    // A page without a client: nothing leads it away, and it has no other frames that come and go.
    const page = `<!doctype html><iframe sandbox="${sandbox}" src="${world.url('shop')}"></iframe>`
    world.serve(host, { backEnd: (_, response) => void response.send(page) })
    const shop = (await open(world.url(host))).frame(world.url('shop'))
    // What the click needs is loaded by then: WebKit opens no tab for a click that waits for a request.
    await stays(shop)
    return shop
  }

  test('opens a tab of its own', async ({ world, open }) => {
    const shop = await openFramed(world, open, 'evil', `${CAN_RUN} allow-popups`)
    await shop.click('text=Sign in')
    const logins = (): string[] =>
      world.hosts.requests
        .filter(({ host, path }) => host === world.names.hub && path.startsWith('/isthmus/login'))
        .map(({ destination }) => String(destination))
    await expect.poll(logins, PATIENCE).toEqual(['document'])
  })

  test('says who is around it where the browser opens none', async ({ world, open }) => {
    const shop = await openFramed(world, open, 'www', CAN_RUN)
    await shop.click('text=Sign in')
    const found = (): Promise<string[]> =>
      shop.evaluate(
        "session.diagnose().then(({ findings }) => findings.filter(({ code }) => code === 'embedded').map(({ message }) => message))",
      )
    await expect.poll(found, PATIENCE).toEqual([expect.stringContaining(`a frame of ${world.url('www', '')}:`)])
  })
})
