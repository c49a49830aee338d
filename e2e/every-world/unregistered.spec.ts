import { PATIENCE, promptly } from '../patience.ts'
import { consoleText, seen, shows, signIn } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('an unregistered origin gets nothing, says so within 5 s, and the console names the cause', async ({
  world,
  open,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')

  world.serve('evil', {
    head: '<script>window.heard = []; addEventListener("message", ({ data }) => heard.push(data))</script>',
  })
  const evil = await open(world.url('evil'))
  await evil.waitFor('window.session')
  const saidAfterMs = await evil.evaluate<number>(
    'new Promise((resolve) => session.subscribe(({ reason }) => reason === "not-registered" && resolve(performance.now())))',
  )
  expect(saidAfterMs).toBeLessThan(promptly(5000))
  await shows(evil, 'unknown: not-registered')
  await expect
    .poll(() => consoleText(evil), PATIENCE)
    .toContain(
      `isthmus: not-registered: The hub ${world.url('hub', '')} does not know the origin ${world.url('evil', '')}.`,
    )
  expect(await evil.evaluate('heard')).toEqual([])
  expect(JSON.stringify(await seen(evil))).not.toContain('u-customer')
})

test('a page whose policy forbids the frame says blocked, and names the cure', async ({ world, open }) => {
  const hub = world.url('hub', '')
  world.serve('shop', { headers: { 'Content-Security-Policy': "frame-src 'none'" } })
  const shop = await open(world.url('shop'))
  await shows(shop, 'unknown: blocked')
  await expect.poll(() => consoleText(shop), PATIENCE).toContain(`Add "frame-src ${hub}" to the policy.`)
})

test('no other origin reads the session by itself', async ({ world, open }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const evil = await open(world.url('evil'))
  const attempts = ['/isthmus/session', '/isthmus/hub', '/isthmus/events']
  for (const path of attempts) {
    const read = await evil.evaluate(
      (url) =>
        fetch(url, { credentials: 'include' }).then(
          (response) => response.text(),
          () => 'refused by the browser',
        ),
      world.url('hub', path),
    )
    expect(read).toBe('refused by the browser')
  }
  const posted = await evil.evaluate(
    (url) =>
      fetch(url, { method: 'POST', credentials: 'include', mode: 'no-cors' }).then(
        (response) => response.type,
        () => 'refused by the browser',
      ),
    world.url('hub', '/isthmus/sign-out'),
  )
  // Not even as a response that nobody can read: Cross-Origin-Resource-Policy.
  expect(posted).toBe('refused by the browser')
  await shop.evaluate('session.refresh()')
  await shows(shop, 'signed in: The customer')
})
