import type { Page } from '@playwright/test'
import { signIn, signInAtHub, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

const account = '/isthmus/account'

const sessions = (page: Page) => page.getByRole('listitem').filter({ has: page.getByRole('heading', { level: 2 }) })

test('a user ends the session of another browser, by keyboard; its tabs follow by themselves', async ({
  world,
  open,
  browserOfUser,
}) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await expect(status(shop)).toHaveText('signed in: The customer')
  await using phone = await browserOfUser.newUser()
  const there = await phone.newPage()
  await there.goto(world.url('shop'))
  await signIn(there, 'customer')
  const news = await phone.newPage()
  await news.goto(world.url('news'))
  await expect(status(news)).toHaveText('signed in: The customer')

  const page = await open(world.url('hub', account))
  await expect(sessions(page)).toHaveCount(2)
  await expect(sessions(page).first()).toContainText('This browser')
  await expect(sessions(page).nth(1)).toContainText('news')
  const other = page.getByRole('button', { name: /^Sign out .+ on .+, signed in / }).nth(1)
  await other.focus()
  await page.keyboard.press('Enter')
  await expect(sessions(page)).toHaveCount(1)
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible()
  for (const tab of [there, news]) await expect(status(tab)).toHaveText('signed-out: revoked')
  await shop.evaluate('session.refresh()')
  await expect(status(shop)).toHaveText('signed in: The customer')
})

test('all others at once, and then this one', async ({ world, open, browserOfUser }) => {
  const shop = await open(world.url('shop'))
  await signIn(shop, 'customer')
  await using second = await browserOfUser.newUser()
  const there = await second.newPage()
  await there.goto(world.url('news'))
  await signIn(there, 'customer')
  await expect(status(there)).toHaveText('signed in: The customer')
  // A session of somebody else, which must not be touched.
  const { cookies } = await world.hub.signIn({ headers: {}, url: '/' }, { sub: 'u-reader' })
  expect(cookies).not.toEqual([])

  const page = await open(world.url('hub', account))
  await expect(page.getByText('There is one other session.')).toBeVisible()
  await page.getByRole('button', { name: 'Sign out all others' }).click()
  await expect(status(there)).toHaveText('signed-out: revoked')
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible()
  expect(await world.hub.sessions.list('u-reader')).toHaveLength(1)

  await page.getByRole('button', { name: /^Sign out .+, signed in / }).click()
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible()
  await expect(status(shop)).toHaveText('signed-out: logout')
  // The back button does not show the sessions again.
  await page.goBack({ waitUntil: 'commit' })
  await expect(page.getByLabel('User')).toBeVisible()
})

test('without JavaScript, from the login page and back', async ({ world, open }) => {
  const page = await open('about:blank')
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setScriptExecutionDisabled', { value: true })
  await page.goto(world.url('hub', account))
  await page.getByLabel('User').fill('customer')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page).toHaveURL(world.url('hub', account))
  await expect(page.getByRole('main')).toMatchAriaSnapshot(`
    - main:
      - heading "Your sessions" [level=1]
      - paragraph:
        - text: Signed in as
        - strong: The customer
      - paragraph: Every browser in which you are signed in. Sign out what you do not recognize.
      - list:
        - listitem:
          - heading /^Chrom\\w+ on Linux This browser$/ [level=2]
          - term: Signed in
          - definition:
            - time: just now
          - term: Last active
          - definition:
            - time: just now
          - term: Sites
          - definition: None yet
          - button /^Sign out Chrom\\w+ on Linux, signed in just now$/
      - paragraph: You are signed in nowhere else.
  `)
  await page.getByRole('button', { name: /^Sign out / }).click()
  await expect(page.getByRole('heading', { name: 'You are signed out' })).toBeVisible()
})

test('a foreign page can neither see it nor end sessions with it', async ({ world, open }) => {
  const login = await open('about:blank')
  await signInAtHub(login, world.url('hub', ''), 'customer')
  await world.hub.signIn({ headers: {}, url: '/' }, { sub: 'u-customer' })
  for (const host of ['evil', 'shop'] as const) {
    const page = await open(world.url(host))
    // Where it is partitioned, a registered site's page is led away and back first.
    await expect(status(page)).toHaveText(/^signed in|^unknown: not-registered/)
    const read = await page.evaluate(
      (url) =>
        fetch(url, { credentials: 'include' }).then(
          (response) => response.text(),
          () => 'refused by the browser',
        ),
      world.url('hub', account),
    )
    expect(read).toBe('refused by the browser')
    await page.evaluate(
      (src) => {
        const frame = document.createElement('iframe')
        frame.src = src
        document.body.append(frame)
      },
      world.url('hub', account),
    )
    await page.evaluate(
      (action) => {
        const form = document.createElement('form')
        form.method = 'post'
        form.action = action
        form.innerHTML = '<input name="end" value="others">'
        document.body.append(form)
        form.submit()
      },
      world.url('hub', account),
    )
    await expect(page.getByText('origin-refused')).toBeVisible()
  }
  expect(await world.hub.sessions.list('u-customer')).toHaveLength(2)
})
