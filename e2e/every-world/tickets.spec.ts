import type { Tab } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import type { World } from '../world.ts'
import { consoleText, seen, shows, signIn } from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'

type Open = (url: string) => Promise<Tab>

const verifier = 'v'.repeat(43)
// S256 of the verifier above (RFC 7636 §4.2).
const challenge = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM'

/** Gets a real ticket with the browser's own cookie, as a client would, but keeps it instead of redeeming it. */
async function getTicket(open: Open, { hub, hosts, names, url }: World, returnTo: string): Promise<string> {
  const tab = await open(url('hub'))
  await tab.close()
  const visit = hosts.requests.findLast((one) => one.host === names.hub && one.path === '/')
  const query = new URLSearchParams({ return_to: returnTo, challenge, prompt: 'none' })
  const cookie = visit?.headers.cookie ?? ''
  const answer = await hub.fetch(
    new Request(url('hub', `/isthmus/link?${query}`), { headers: { cookie, referer: returnTo } }),
  )
  const ticket = /#isthmus=([\w-]{43})$/.exec(answer.headers.get('location') ?? '')?.[1]
  if (!ticket) throw new Error(`No ticket: ${answer.status}`)
  return ticket
}

/** Opens a page with a ticket in its address, as if this tab had asked for it with the given verifier. */
async function arriveWith(
  open: Open,
  world: World,
  host: 'news' | 'staff',
  ticket: string,
  kept?: string,
): Promise<Tab> {
  const hub = world.url('hub', '')
  const address = world.url(host)
  const pending = JSON.stringify({ verifier: kept, href: address })
  world.serve(host, {
    head: `<script>
      sessionStorage.setItem('isthmus:tried:${hub}', 'left')
      ${kept === undefined ? '' : `sessionStorage.setItem('isthmus:pending:${hub}', '${pending}')`}
    </script>`,
  })
  return open(`${address}#isthmus=${ticket}`)
}

/** What a page shows whose ticket was refused. */
async function showsWithoutTicket(tab: Tab, world: string, byCookie: string): Promise<void> {
  if (world !== 'chromium-allowed') return shows(tab, 'unknown: partitioned')
  stateFact(
    'With third-party cookies a refused ticket costs nothing: the cookie carries the session.',
    'https://developer.mozilla.org/en-US/docs/Web/Privacy/Guides/Third-party_cookies',
  )
  await shows(tab, byCookie)
}

test('a ticket is refused, and nothing changes', async ({ world, open, privacyWorld }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')

  await test.step('with another verifier', async () => {
    const ticket = await getTicket(open, world, world.url('news'))
    const news = await arriveWith(open, world, 'news', ticket, 'w'.repeat(43))
    await expect.poll(() => consoleText(news), PATIENCE).toContain('isthmus: ticket-mismatch')
    await showsWithoutTicket(news, privacyWorld, 'signed in: The customer')
  })

  await test.step('on another site', async () => {
    const ticket = await getTicket(open, world, world.url('news'))
    const staff = await arriveWith(open, world, 'staff', ticket, verifier)
    await expect.poll(() => consoleText(staff), PATIENCE).toContain('isthmus: ticket-mismatch')
    await showsWithoutTicket(staff, privacyWorld, 'denied: {"sub":"u-customer"}')
  })

  await test.step('after 60 seconds', async () => {
    const ticket = await getTicket(open, world, world.url('news'))
    world.passTime(60_000)
    const news = await arriveWith(open, world, 'news', ticket, verifier)
    await expect.poll(() => consoleText(news), PATIENCE).toContain('isthmus: ticket-expired')
    await showsWithoutTicket(news, privacyWorld, 'signed in: The customer')
  })

  await test.step('when it is used twice', async () => {
    const ticket = await getTicket(open, world, world.url('news'))
    const first = await arriveWith(open, world, 'news', ticket, verifier)
    await shows(first, 'signed in: The customer')
    const second = await arriveWith(open, world, 'news', ticket, verifier)
    await expect.poll(() => consoleText(second), PATIENCE).toContain('isthmus: ticket-unknown')
    // The carrier that the first use gave is not harmed.
    await shows(second, 'signed in: The customer')
  })
})

test('a ticket that nobody asked for is thrown away', async ({ world, open, userBrowser, privacyWorld }) => {
  // The attacker's own session, in the attacker's own address.
  const attacker = await open(world.url('shop'))
  await signIn(attacker, 'reader')
  const ticket = await getTicket(open, world, world.url('news'))
  await attacker.evaluate('session.signOut()')
  await userBrowser.clearCookies(world.url('hub'))

  const before = world.hosts.requests.length
  const victim = await arriveWith(open, world, 'news', ticket)
  // Where the browser lets the frame see its cookies, the hub knows that there are none.
  await shows(victim, privacyWorld === 'chromium-allowed' ? 'signed-out: none' : 'unknown: partitioned')
  expect(await victim.evaluate('location.href')).toBe(world.url('news'))
  expect(world.hosts.requests.slice(before).map(({ path }) => path)).not.toContain('/isthmus/redeem')
  expect((await seen(victim)).map((one) => one.status)).not.toContain('signed-in')
})
