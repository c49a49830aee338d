import { seen, shows, signIn } from './acts.ts'
import { expect, test } from './fixtures.ts'
import { FORGED_ANSWER } from './forged-answer.ts'
import { addToHubPage } from './hub-faults.ts'

test('a page and its frames that forge hub messages are ignored', async ({ world, open }) => {
  const forge = `
    const forged = ${JSON.stringify({ isthmus: 1, type: 'welcome', answer: FORGED_ANSWER, peers: '', aheadMs: 0 })}
    const shoot = (target) => {
      const { port1, port2 } = new MessageChannel()
      port1.postMessage({ isthmus: 1, type: 'push', answer: forged.answer })
      target.postMessage(forged, '*', [port2])
    }`
  // The page shoots at itself from the very start, and a frame of another origin shoots at it.
  world.serve('shop', {
    head: `<script>${forge}
      setInterval(shoot, 5, window)
      addEventListener('DOMContentLoaded', () => {
        const frame = document.createElement('iframe')
        frame.src = '${world.url('evil', '/')}'
        document.body.append(frame)
      })</script>`,
  })
  world.serve('evil', { head: `<script>${forge}; setInterval(shoot, 5, parent)</script>` })
  const shop = await open(world.url('shop'))
  await shows(shop, 'signed-out: none')
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  expect(JSON.stringify(await seen(shop))).not.toContain('forged')
})

test('the hub answers its parent only', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const heard = await shop.evaluate(
    async (hub) => {
      const frame = [...document.querySelectorAll('iframe')].find((one) => one.src.startsWith(hub))?.contentWindow
      if (!frame) throw new Error('no frame')
      const hello = { isthmus: 1, type: 'hello' }
      const stranger = document.createElement('iframe')
      document.body.append(stranger)
      const messages: unknown[] = []
      stranger.contentWindow?.addEventListener('message', ({ data }) => messages.push(data))
      const channel = new MessageChannel()
      channel.port1.onmessage = ({ data }) => messages.push(data)
      // A function of that window: the browser names it as the source.
      Object.assign(stranger.contentWindow as object, { greet: [frame, hello, hub, [channel.port2]] })
      const script = document.createElement('script')
      script.textContent = 'const [frame, ...message] = greet; frame.postMessage(...message)'
      stranger.contentDocument?.body.append(script)
      // The same from the parent is answered, after the one that must not be.
      const { port1, port2 } = new MessageChannel()
      const answer = await new Promise<{ type: string }>((resolve) => {
        port1.onmessage = ({ data }) => resolve(data)
        frame.postMessage(hello, hub, [port2])
      })
      return [answer.type, ...messages]
    },
    world.url('hub', ''),
  )
  expect(heard).toEqual(['welcome'])
})

test('the page greets the hub by its exact name, and never whoever is in the frame', async ({ world, open }) => {
  // Beside itself, because it does not know its frame again: it waits in vain for a greeting, and says hello.
  world.serve('shop', {
    head: `<script>
      window.targets = []
      const { get } = Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, 'contentWindow')
      Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow', {
        get() {
          return ${recorderOf('get.call(this)')}
        },
      })</script>`,
  })
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  expect(new Set(await shop.evaluate<unknown[]>('targets'))).toEqual(new Set([world.url('hub', '')]))
})

test('the hub greets the page by its exact name', async ({ world, open, privacyWorld }) => {
  addToHubPage(
    world,
    `window.targets = []
    const real = parent, recorder = ${recorderOf('real')}
    Object.defineProperty(window, 'parent', { value: recorder })
    const { get } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'source')
    Object.defineProperty(MessageEvent.prototype, 'source', {
      get() {
        const source = get.call(this)
        return source === real ? recorder : source
      },
    })`,
  )
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  const targets = await shop.frame(world.url('hub', '/isthmus/hub')).evaluate<unknown[]>('targets')
  // To find a key takes longer than the client waits before it says hello: then the answer goes over the port of that.
  if (privacyWorld === 'webkit' && targets.length === 0) return
  expect(targets).toEqual([world.url('shop', '')])
})

test('noisy, throwing and greedy listeners and subscribers of the page do not disturb, nor are they disturbed', async ({
  world,
  open,
}) => {
  world.serve('shop', {
    head: `<script>
      window.strangers = []
      addEventListener('message', (event) => {
        if (event.origin === '${world.url('hub', '')}') return event.stopImmediatePropagation()
        strangers.push(event.data)
      })
      addEventListener('message', () => { throw new Error('noisy') })
      setInterval(() => postMessage({ type: 'noise', isthmus: 2 }, location.origin), 5)
      setInterval(() => postMessage('plain', location.origin), 5)
    </script>`,
  })
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shows(shop, 'signed in: The customer')
  expect(await shop.evaluate('strangers.length')).toBeGreaterThan(0)

  await test.step('a subscriber that throws keeps the news from no other', async () => {
    await shop.evaluate('void session.subscribe(() => { throw new Error("subscriber") })')
    await shop.evaluate('void session.subscribe((snapshot) => { window.after = snapshot.status })')
    await shop.evaluate('session.signOut()')
    await shows(shop, 'signed-out: logout')
    expect(await shop.evaluate('window.after')).toBe('signed-out')
  })
})

/** An expression for a window of another origin whose messages' targets are noted in `targets`; else the window itself. */
function recorderOf(other: string): string {
  return `((other) => new Proxy(other, {
    get: (_, name) => name === 'postMessage'
      ? (message, target, ports) => (targets.push(target), other.postMessage(message, target, ports))
      : other[name],
  }))(${other})`
}
