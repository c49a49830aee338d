import { type SiteAnswer, siteAnswerSchema, TOKEN_HEADER } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Agent, CUSTOMER, createWorld, inlinedIn, SHOP, STAFF, type World } from '../hub.test-world.ts'

/** Known of Customer, and for no site that keeps her out. */
const CLAIMS = /Customer|mail\.example|for nobody|"cart"|"token"|customers/

const wanting = { headers: { [TOKEN_HEADER]: '1' } }

/** Every way in which the staff site can ask for the session, with a token wherever there is one. */
const ways: Record<string, (browser: Agent, world: World) => Promise<SiteAnswer>> = {
  'the hub page': async (browser) => {
    const page = await browser.send('/isthmus/hub?token=1', { headers: { referer: `${STAFF}/` } })
    return inlinedIn(await page.text()).answer as SiteAnswer
  },
  'a question': (browser) => browser.ask('session', STAFF, wanting),
  'a question across origins': async (browser) =>
    siteAnswerSchema.parse(
      await (await browser.send('/isthmus/session?token=1', { headers: { origin: STAFF } })).json(),
    ),
  activity: (browser) => browser.ask('touch', STAFF, wanting),
  'a ticket': async (browser, world) => {
    const body = JSON.stringify(await world.ticket(browser, `${STAFF}/`))
    return world.agent().ask('redeem', STAFF, { ...wanting, body })
  },
  'the stream': async (browser) => {
    const stream = await browser.call('events', STAFF, wanting)
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
    onTestFinished(() => reader.cancel())
    const { value } = await reader.read()
    return siteAnswerSchema.parse(JSON.parse(/^data: (.*)$/m.exec(new TextDecoder().decode(value))?.[1] ?? ''))
  },
}

async function signedIn(world: World): Promise<{ browser: Agent; sid: string }> {
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  const [session] = await world.hub.sessions.list('customer')
  return { browser, sid: session?.sid ?? '' }
}

describe('a site whose groups do not admit the user', () => {
  it.each(Object.entries(ways))('learns the subject alone by %s', async (_, ask) => {
    await using world = await createWorld()
    const { browser, sid } = await signedIn(world)
    const { state } = await ask(browser, world)
    expect(state).toMatchObject({ status: 'signed-in', access: 'denied', sid })
    expect(state).toHaveProperty('user', { sub: 'customer' })
    expect(JSON.stringify(state)).not.toMatch(CLAIMS)
  })

  it.each(Object.entries(ways))(
    'is told all that it may see by %s, once the groups change, and no more once they change back',
    async (_, ask) => {
      await using world = await createWorld()
      const { browser, sid } = await signedIn(world)
      const before = await ask(browser, world)
      expect(await world.hub.sessions.update(sid, { groups: ['customers', 'staff'] })).toBe(true)
      const during = await ask(browser, world)
      expect(during.state).toMatchObject({
        access: 'granted',
        user: { sub: 'customer', name: 'Customer' },
        token: expect.any(String),
      })
      expect(await world.hub.sessions.update(sid, { groups: ['customers'] })).toBe(true)
      const after = await ask(browser, world)
      expect(after.state).toMatchObject({ access: 'denied' })
      expect(JSON.stringify(after)).not.toMatch(CLAIMS)
      expect(during.state.revision).toBeGreaterThan(before.state.revision)
      expect(after.state.revision).toBeGreaterThan(during.state.revision)
    },
  )

  it('is not counted among those that know of the session', async () => {
    await using world = await createWorld()
    const { browser } = await signedIn(world)
    for (const ask of Object.values(ways)) await ask(browser, world)
    const [session] = await world.hub.sessions.list('customer')
    expect(session?.sites).toEqual([])
    await browser.ask('session', SHOP)
    expect((await world.hub.sessions.list('customer'))[0]?.sites.map(({ site }) => site)).toEqual(['shop'])
  })
})
