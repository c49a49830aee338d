import type { Diagnosis } from '@isthmus/client'
import { nodeHandler } from '@isthmus/server/node'
import type { HostHandler, Tab } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import { consoleText, diagnosis, seen, shows, signIn, snapshot } from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'

type Code = Diagnosis['findings'][number]['code']

/** The page says unknown for this reason, and on its face and in the console why, and what to do about it. */
async function says(tab: Tab, reason: string, code: Code): Promise<void> {
  await shows(tab, `unknown: ${reason}`)
  await expect.poll(async () => (await diagnosis(tab)).findings.map((one) => one.code), PATIENCE).toEqual([code])
  const [finding] = (await diagnosis(tab)).findings
  expect(finding).toMatchObject({ code, reason })
  expect(finding?.cure).not.toBe('')
  await expect
    .poll(() => consoleText(tab), PATIENCE)
    .toContain(`isthmus: ${code}: ${finding?.message} ${finding?.cure}`)
}

/** What answers at the hub's address from now on; the hub behind it is reached by `pass`. Call the result to undo it. */
function interpose(world: World, handler: (pass: HostHandler) => HostHandler): () => void {
  const pass = nodeHandler(world.hub)
  world.hosts.set(world.names.hub, handler(pass))
  return () => world.hosts.set(world.names.hub, pass)
}

interface Silence {
  readonly what: string
  readonly reason: string
  readonly code: Code
  readonly handler: (pass: HostHandler) => HostHandler
}

const silences: readonly Silence[] = [
  {
    what: 'nothing answers',
    reason: 'unreachable',
    code: 'unreachable',
    handler: () => (request) => request.socket.destroy(),
  },
  {
    what: 'a proxy in front answers with 502',
    reason: 'unreachable',
    code: 'not-a-hub',
    handler: () => (_, response) =>
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'),
  },
  {
    what: 'another program answers with a page of its own',
    reason: 'unreachable',
    code: 'not-a-hub',
    handler: () => (_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Hello</title><script>parent.postMessage({ type: "welcome" }, "*")</script>'),
  },
  {
    what: 'the hub hangs',
    reason: 'timeout',
    code: 'timeout',
    handler: () => () => undefined,
  },
  {
    what: 'something in the browser refuses the frame alone',
    reason: 'blocked',
    code: 'frame-silent',
    handler: (pass) => (request, response) =>
      request.url?.startsWith('/isthmus/hub') ? request.socket.destroy() : pass(request, response),
  },
]

test('a frame that is silent: unknown, with the cause; and without a reload it recovers', async ({
  world,
  open,
  privacyWorld,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  world.serve('shop', { options: { timeoutMs: 2000 } })
  for (const silence of silences) await test.step(silence.what, () => recovers(silence))

  async function recovers({ reason, code, handler }: Silence): Promise<void> {
    const undo = interpose(world, handler)
    await shop.goto(world.url('shop', '/second'))
    if (code === 'frame-silent' && privacyWorld === 'webkit') {
      stateFact(
        'WebKit fires no event at a frame that failed, and leaves its empty document there: a refused frame looks like a slow one.',
        'https://html.spec.whatwg.org/multipage/iframe-embed-object.html#the-iframe-element',
      )
      await says(shop, 'timeout', 'timeout')
    } else {
      await says(shop, reason, code)
    }
    await shop.evaluate('(window.kept = true)')
    undo()
    await shows(shop, 'signed in: The customer')
    expect(await shop.evaluate('window.kept')).toBe(true)
    expect((await diagnosis(shop)).findings).toEqual([])
  }
})

test('the hub itself fails, as with a full disk: unknown, and not signed out; then it recovers', async ({
  newWorld,
  open,
}) => {
  let full = false
  const world = await newWorld({
    wrapStore: (store) =>
      new Proxy(store, {
        get: (target, name: keyof typeof store) =>
          full && name !== 'close' ? () => Promise.reject(new Error('The disk is full.')) : target[name],
      }),
  })
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  full = true
  await shop.goto(world.url('shop', '/second'))
  await says(shop, 'unreachable', 'hub-failing')
  full = false
  await shows(shop, 'signed in: The customer')
})

test('a hub whose name nobody knows is unreachable', async ({ world, open }) => {
  world.serve('shop', { hub: 'https://auth.invalid' })
  await says(await open(world.url('shop')), 'unreachable', 'unreachable')
})

test('a policy that only reports forbids nothing', async ({ world, open }) => {
  world.serve('shop', { headers: { 'Content-Security-Policy-Report-Only': "frame-src 'none'; connect-src 'none'" } })
  const shop = await open(world.url('shop'))
  await shows(shop, 'signed-out: none')
  expect((await diagnosis(shop)).findings).toEqual([])
})

test('a page taken away from its hub keeps what it knew, and does not ask in a storm', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  // Its first event is an answer of the hub, too, and would come after the failure.
  await expect.poll(async () => (await diagnosis(shop)).stream, PATIENCE).toBe('open')
  const undo = interpose(world, () => (_, response) => response.writeHead(500).end())
  const before = world.hosts.requests.length
  await shop.evaluate('void session.refresh()')
  await shows(shop, 'unknown: unreachable')
  expect(await snapshot(shop)).toMatchObject({ last: { status: 'signed-in', user: { name: 'The customer' } } })
  // Two seconds are four first pauses: exponential, with full jitter.
  await new Promise((resolve) => setTimeout(resolve, 2000))
  expect(world.hosts.requests.length - before).toBeLessThan(30)
  undo()
  await shows(shop, 'signed in: The customer')
  expect((await seen(shop)).map((one) => one.status)).not.toContain('signed-out')
})

test('a slow network: unknown in time, and signed in as soon as the answer is there', async ({ world, open }) => {
  // Every answer takes three times as long as the page wants to wait.
  const options = { timeoutMs: 1000 }
  world.serve('shop', { options })
  const undo = interpose(world, (pass) => (request, response) => {
    if (request.url?.startsWith('/isthmus/hub')) setTimeout(pass, 3000, request, response)
    else pass(request, response)
  })
  const shop = await open(world.url('shop'))
  await says(shop, 'timeout', 'timeout')
  await shows(shop, 'signed-out: none')
  undo()
})

test('whoever takes the frame out of the page is named; and it comes back when it is let alone', async ({
  world,
  open,
}) => {
  const blocker = `<script>
    new MutationObserver(() => {
      if (window.letAlone) return
      for (const frame of document.querySelectorAll('iframe')) frame.remove()
    }).observe(document, { childList: true, subtree: true })
  </script>`
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  world.serve('shop', { head: blocker })
  await shop.goto(world.url('shop', '/second'))
  await says(shop, 'blocked', 'frame-removed')
  await shop.evaluate('(window.letAlone = true)')
  await shows(shop, 'signed in: The customer')
})

test('a frame that may greet and is taken away then: unknown, with ever longer pauses', async ({ world, open }) => {
  const blocker = `<script>
    const timer = setInterval(() => document.querySelector('output')?.textContent.startsWith('signed') &&
      document.querySelectorAll('iframe').forEach((frame) => frame.remove()), 20)
  </script>`
  world.serve('shop', { head: blocker })
  const shop = await open(world.url('shop'))
  await shop.waitFor("window.seen?.some((one) => one.reason === 'blocked')")
  // The second pause is up to a second, the third up to two: a tight loop would make hundreds.
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const frames = world.hosts.requests.filter(({ path }) => path.startsWith('/isthmus/hub'))
  expect(frames.length).toBeLessThan(20)
})

test('a page that swaps its whole body keeps the session, and still follows it', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const news = await open(world.url('news'))
  await shows(news, 'signed in: The customer')
  // As page loaders do: long after the frame was put there.
  await shop.evaluate(
    '(Object.defineProperty(Date, "now", { value: ((now) => () => now() + 60_000)(Date.now.bind(Date)) }), true)',
  )
  const before = (await seen(shop)).length
  await shop.evaluate(`((body) => {
    body.innerHTML = '<h1>Next page</h1><output>–</output>'
    document.body.replaceWith(body)
  })(document.createElement('body'))`)
  await expect.poll(async () => (await diagnosis(shop)).stream, PATIENCE).toBe('open')
  await news.evaluate('session.signOut()')
  await shows(shop, 'signed-out: logout')
  // The clock that was put forward makes the session's end move, too.
  const since = (await seen(shop)).slice(before).map((one) => one.status)
  expect(since.filter((status) => status !== 'signed-in')).toEqual(['signed-out'])
})
