import type { Snapshot } from '@isthmus/client'
import { seen, signIn, signInAtHub, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

test('somebody else signs in: every tab shows them, or unknown on the way; never a mixture', async ({
  world,
  open,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  const tabs = [shop, await open(world.url('shop', '/second')), await open(world.url('news'))]
  for (const tab of tabs) await expect(status(tab)).toHaveText('signed in: The customer')

  const login = await open('about:blank')
  await signInAtHub(login, world.url('hub', ''), 'clerk')
  for (const tab of tabs) {
    await expect(status(tab)).toHaveText('signed in: The clerk')
    expect(whoWasShown(await seen(tab))).not.toContain('mixture')
    expect((await seen(tab)).map((one) => one.status)).not.toContain('signed-out')
  }
})

test('an edited page is not led away: it says unknown, and links when told to', async ({
  world,
  open,
  thirdPartyCookies,
}) => {
  test.skip(thirdPartyCookies === 'allowed', 'With third-party cookies no page is ever led away.')
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await shop.evaluate('document.body.append(document.createElement("textarea"))')
  await shop.locator('textarea').fill('A long letter')

  const login = await open('about:blank')
  await signInAtHub(login, world.url('hub', ''), 'clerk')
  await expect(status(shop)).toHaveText('unknown: partitioned')
  await expect(shop.locator('textarea')).toHaveValue('A long letter')
  await shop.evaluate('session.link()')
  await expect(status(shop)).toHaveText('signed in: The clerk')
})

/** Who each snapshot shows; name and subject must belong together. */
function whoWasShown(snapshots: Snapshot[]): string[] {
  return snapshots
    .filter((one) => one.status === 'signed-in')
    .map(({ user }) => {
      const pair = `${user.sub} ${String((user as { name?: unknown }).name)}`
      return ['u-customer The customer', 'u-clerk The clerk'].includes(pair) ? pair : 'mixture'
    })
}
