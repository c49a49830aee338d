import type { Chromium } from '@isthmus/testing'
import type { Page } from '@playwright/test'
import type { World } from '../world.ts'
import { seen, signIn, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

const verifier = 'v'.repeat(43)
// S256 of the verifier above (RFC 7636 §4.2).
const challenge = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM'

/** Gets a real ticket with the browser's own cookie, as a client would, but keeps it instead of redeeming it. */
async function getTicket({ context }: Chromium, { hub, url }: World, returnTo: string): Promise<string> {
  const query = new URLSearchParams({ return_to: returnTo, challenge, prompt: 'none' })
  const link = url('hub', `/isthmus/link?${query}`)
  const cookie = (await context.cookies(link)).map(({ name, value }) => `${name}=${value}`).join('; ')
  const answer = await hub.fetch(new Request(link, { headers: { cookie } }))
  const ticket = /#isthmus=([\w-]{43})$/.exec(answer.headers.get('location') ?? '')?.[1]
  if (!ticket) throw new Error(`No ticket: ${answer.status}`)
  return ticket
}

/** Opens a page with a ticket in its address, as if this tab had asked for it with the given verifier. */
async function arriveWith(page: Page, address: string, ticket: string, kept?: string): Promise<string[]> {
  const lines: string[] = []
  page.on('console', (line) => lines.push(line.text()))
  const hub = new URL(address).origin.replace(/\/\/\w+\./, '//auth.')
  await page.addInitScript(
    ({ hub, kept, href }) => {
      sessionStorage.setItem(`isthmus:tried:${hub}`, '1')
      if (kept) sessionStorage.setItem(`isthmus:pending:${hub}`, JSON.stringify({ verifier: kept, href }))
    },
    { hub, kept, href: address },
  )
  await page.goto(`${address}#isthmus=${ticket}`)
  return lines
}

test.describe('a ticket is refused, and nothing changes', () => {
  test.beforeEach(({ thirdPartyCookies }) => {
    test.skip(
      thirdPartyCookies === 'allowed',
      'Where the cookie carries the session no ticket is presented; see the next test.',
    )
  })

  test('when it is used twice', async ({ world, open, browserOfUser }) => {
    const shop = await open(world.url('shop'))
    await signIn(shop, 'customer')
    const address = world.url('news')
    const ticket = await getTicket(browserOfUser, world, address)
    const first = await open('about:blank')
    await arriveWith(first, address, ticket, verifier)
    await expect(status(first)).toHaveText('signed in: The customer')
    const second = await open('about:blank')
    const lines = await arriveWith(second, address, ticket, verifier)
    await expect.poll(() => lines.join('\n')).toContain('isthmus: ticket-unknown')
    // The carrier that the first use gave is not harmed.
    await expect(status(second)).toHaveText('signed in: The customer')
  })

  test('with another verifier', async ({ world, open, browserOfUser }) => {
    const shop = await open(world.url('shop'))
    await signIn(shop, 'customer')
    const ticket = await getTicket(browserOfUser, world, world.url('news'))
    const news = await open('about:blank')
    const lines = await arriveWith(news, world.url('news'), ticket, 'w'.repeat(43))
    await expect.poll(() => lines.join('\n')).toContain('isthmus: ticket-mismatch')
    await expect(status(news)).toHaveText('unknown: partitioned')
  })

  test('on another site', async ({ world, open, browserOfUser }) => {
    const shop = await open(world.url('shop'))
    await signIn(shop, 'customer')
    const ticket = await getTicket(browserOfUser, world, world.url('news'))
    const staff = await open('about:blank')
    const lines = await arriveWith(staff, world.url('staff'), ticket, verifier)
    await expect.poll(() => lines.join('\n')).toContain('isthmus: ticket-mismatch')
    await expect(status(staff)).toHaveText('unknown: partitioned')
  })

  test('after 60 seconds', async ({ world, open, browserOfUser }) => {
    const shop = await open(world.url('shop'))
    await signIn(shop, 'customer')
    const ticket = await getTicket(browserOfUser, world, world.url('news'))
    world.passTime(60_000)
    const news = await open('about:blank')
    const lines = await arriveWith(news, world.url('news'), ticket, verifier)
    await expect.poll(() => lines.join('\n')).toContain('isthmus: ticket-expired')
    await expect(status(news)).toHaveText('unknown: partitioned')
  })
})

test('a ticket that nobody asked for is thrown away', async ({ world, open, browserOfUser, thirdPartyCookies }) => {
  // The attacker's own session, in the attacker's own address.
  const attacker = await open(world.url('shop'))
  await signIn(attacker, 'reader')
  const ticket = await getTicket(browserOfUser, world, world.url('news'))
  await attacker.evaluate('session.signOut()')
  await browserOfUser.context.clearCookies()

  const victim = await open('about:blank')
  const redeemed: string[] = []
  victim.on('request', (request) => request.url().endsWith('/isthmus/redeem') && redeemed.push(request.url()))
  await arriveWith(victim, world.url('news'), ticket)
  await expect(status(victim)).toHaveText(thirdPartyCookies === 'allowed' ? 'signed-out: none' : 'unknown: partitioned')
  expect(await victim.evaluate('location.href')).toBe(world.url('news'))
  expect(redeemed).toEqual([])
  expect((await seen(victim)).map((one) => one.status)).not.toContain('signed-in')
})
