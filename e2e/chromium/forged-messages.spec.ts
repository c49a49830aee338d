import { seen, signIn, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

const forgedAnswer = {
  site: 'shop',
  carrier: 'cookie',
  state: {
    status: 'signed-in',
    access: 'granted',
    sid: 'forged',
    user: { sub: 'u-forged', name: 'Forged' },
    expiresAt: 9e15,
    idleExpiresAt: 9e15,
    revision: 9e15,
  },
}

test('a page and its frames that forge hub messages are ignored', async ({ world, open }) => {
  const forge = `
    const forged = ${JSON.stringify({ isthmus: 1, type: 'welcome', answer: forgedAnswer })}
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
  await expect(status(shop)).toHaveText('signed-out: none')
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  expect(JSON.stringify(await seen(shop))).not.toContain('forged')
})

test('the hub answers its parent only, and nothing is ever posted to a wildcard', async ({ world, open }) => {
  const shop = await open('about:blank')
  await shop.addInitScript(`
    window.targets = []
    const post = Window.prototype.postMessage ?? window.postMessage
    window.postMessage = function (message, target, ...rest) {
      targets.push(target)
      return post.call(this, message, target, ...rest)
    }`)
  await shop.goto(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')

  // The frame of the hub belongs to the page; another window that greets it hears nothing.
  const heard = await shop.evaluate(
    async (hub) => {
      const stranger = document.createElement('iframe')
      document.body.append(stranger)
      const frame = [...document.querySelectorAll('iframe')].find((one) => one.src.startsWith(hub))
      const messages: unknown[] = []
      stranger.contentWindow?.addEventListener('message', ({ data }) => messages.push(data))
      const script = stranger.contentDocument?.createElement('script')
      if (!script || !frame) throw new Error('no frame')
      Object.assign(stranger.contentWindow as object, { target: frame.contentWindow })
      script.textContent = `target.postMessage({ isthmus: 1, type: 'hello' }, ${JSON.stringify(hub)})`
      stranger.contentDocument?.body.append(script)
      // A question that the hub does answer, after the one it must not answer.
      await (window as unknown as { session: { refresh(): Promise<unknown> } }).session.refresh()
      return messages
    },
    world.url('hub', ''),
  )
  expect(heard).toEqual([])
  for (const frame of shop.frames()) {
    const targets = (await frame.evaluate('window.targets ?? []')) as unknown[]
    expect(targets).not.toContain('*')
  }
})

test('noisy, throwing and greedy listeners of the page do not disturb, nor are they disturbed', async ({
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
  await expect(status(shop)).toHaveText('signed in: The customer')
  expect(((await shop.evaluate('strangers')) as unknown[]).length).toBeGreaterThan(0)
})

test('a subscriber that throws keeps the news from nobody', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shop.evaluate('session.subscribe(() => { throw new Error("subscriber") })')
  await shop.evaluate('session.subscribe((snapshot) => { window.after = snapshot.status })')
  await shop.evaluate('session.signOut()')
  await expect(status(shop)).toHaveText('signed-out: logout')
  expect(await shop.evaluate('window.after')).toBe('signed-out')
})
