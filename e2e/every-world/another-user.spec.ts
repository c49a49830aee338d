import type { Snapshot } from '@isthmus/client'
import type { Tab } from '@isthmus/testing'
import { PATIENCE } from '../patience.ts'
import { diagnosis, loadsOf, seen, shows, signIn, signInAtHub, signOut, UNLINKED } from './acts.ts'
import { expect, stateFact, test } from './fixtures.ts'

test('somebody else signs in: every tab shows them, or unknown on the way, never a mixture; and follows them', async ({
  world,
  open,
  userBrowser,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const tabs = [shop, await open(world.url('shop', '/second')), await open(world.url('news'))]
  for (const tab of tabs) await shows(tab, 'signed in: The customer')

  await signInAtHub(await userBrowser.newTab(), world, 'clerk')
  for (const tab of tabs) {
    await follows(tab, 'signed in: The clerk')
    expect(whoWasShown(await seen(tab))).not.toContain('mixture')
    expect((await seen(tab)).map((one) => one.status)).not.toContain('signed-out')
  }

  // Regression: Firefox lets the hub's cookie through to the shop's frame, but not to its workers, and their stream ended.
  await test.step('signed out on one site, the others say so by themselves', async () => {
    for (const tab of tabs) await expect.poll(async () => (await diagnosis(tab)).stream, PATIENCE).toBe('open')
    await signOut(tabs[2] as Tab)
    for (const tab of tabs) await shows(tab, 'signed-out: logout')
  })
})

test('an edited page is not led away: it says unknown, and links when told to', async ({
  world,
  open,
  userBrowser,
  privacyWorld,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const news = await open(world.url('news'))
  await shows(news, 'signed in: The customer')
  await news.evaluate('document.body.append(document.createElement("textarea"))')
  await news.fill('textarea', 'A long letter')
  const before = loadsOf(world, 'news')

  await signInAtHub(await userBrowser.newTab(), world, 'clerk')
  if (privacyWorld === 'chromium-allowed') {
    stateFact(
      'With third-party cookies no page is ever led away: an edited one shows the other user where it is.',
      'https://developer.mozilla.org/en-US/docs/Web/Privacy/Guides/Third-party_cookies',
    )
    await shows(news, 'signed in: The clerk')
  } else await shows(news, 'unknown: partitioned')
  expect(await news.evaluate('document.querySelector("textarea").value')).toBe('A long letter')
  expect(loadsOf(world, 'news')).toBe(before)
  if (privacyWorld === 'chromium-allowed') return
  await news.evaluate('void session.link()')
  await shows(news, 'signed in: The clerk')
  expect(loadsOf(world, 'news')).toBe(before + 1)
})

/** A page that is open for a while, or was led away before, is not led away by itself: it says unknown until it is told to link. */
async function follows(tab: Tab, wanted: string): Promise<void> {
  await shows(tab, new RegExp(`^(${wanted}|${UNLINKED.webkit})$`))
  // It may be on its way by itself.
  if ((await tab.text('output').catch(() => '')) !== wanted)
    await tab.evaluate('void session.link()').catch(() => undefined)
  await shows(tab, wanted)
}

/** Who each snapshot shows; name and subject must belong together. */
function whoWasShown(snapshots: Snapshot[]): string[] {
  return snapshots
    .filter((one) => one.status === 'signed-in')
    .map(({ user }) => {
      const pair = `${user.sub} ${String((user as { name?: unknown }).name)}`
      return ['u-customer The customer', 'u-clerk The clerk'].includes(pair) ? pair : 'mixture'
    })
}
