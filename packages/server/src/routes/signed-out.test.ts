import type { ServerResponse } from 'node:http'
import { DELIVERY_SHOWN_MS, DELIVERY_TIMEOUT_MS } from '@isthmus/protocol'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Behaviour, hangs, type Receiver, says, startReceiver } from '../backchannel/receiver.test-world.ts'
import { type Agent, CUSTOMER, createWorld, NEWS, SHOP, STAFF, type World } from '../hub.test-world.ts'

const PATH = '/isthmus/signed-out'

interface Setting {
  readonly world: World
  readonly browser: Agent
  readonly receiver: Receiver
}

/** A user who was on the shop (with a back end), and on the news (without). */
async function signedOutOf(behaviour: Behaviour): Promise<Setting> {
  const receiver = await startReceiver(behaviour)
  const world = await createWorld({
    sites: [
      { id: 'shop', name: 'The <Shop>', origins: [SHOP], backchannelLogoutUri: receiver.uri },
      { id: 'news', origins: [NEWS] },
      { id: 'staff', origins: [STAFF] },
    ],
  })
  onTestFinished(async () => {
    await world.hub.close()
    await receiver[Symbol.asyncDispose]()
  })
  const browser = world.agent()
  await browser.signIn(CUSTOMER)
  for (const origin of [SHOP, NEWS]) await browser.ask('session', origin)
  await browser.visit('/isthmus/logout', { headers: { referer: `${SHOP}/` } })
  return { world, browser, receiver }
}

const rowsOf = (page: string): string[] =>
  [...page.matchAll(/<li class="(\w+)"><strong>(.*?)<\/strong>/g)].map(([, state, name]) => `${name}: ${state}`)

/** Reads a page until this is shown; then its rest, and so the whole of it. */
async function readUntil(
  response: Response,
  words: string,
): Promise<{ readonly shown: string; readonly rest: () => Promise<string> }> {
  const reader = (response.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader()
  let page = ''
  async function read(isEnough: () => boolean): Promise<string> {
    while (!isEnough()) {
      const { done, value } = await reader.read()
      if (done) break
      page += value
    }
    return page
  }
  return { shown: await read(() => page.includes(words)), rest: () => read(() => false) }
}

describe('the signed-out page', () => {
  it('tells how it went on each site that was used, and on no other', async () => {
    const { browser } = await signedOutOf(says(200))
    const response = await browser.visit(`${PATH}?site=shop`)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    const page = await response.text()
    expect(page).toContain('<h1>You are signed out</h1>')
    expect(rowsOf(page).sort()).toEqual(['The &lt;Shop&gt;: done', 'news: done'])
    expect(page).toContain('Every site has been told.')
    expect(page).toContain(`<a href="${SHOP}">Back to The &lt;Shop&gt;</a>`)
    expect(page).not.toContain('<script')
  })

  it('is written on as sites confirm: what is known is shown before the rest', async () => {
    const waiting: ServerResponse[] = []
    const { browser } = await signedOutOf((response) => waiting.push(response))
    const { shown, rest } = await readUntil(await browser.visit(PATH), 'news')
    expect(shown).toContain('Telling the servers of your sites')
    expect(rowsOf(shown)).toEqual(['news: done'])
    expect(shown).not.toContain('class="settled"')
    await expect.poll(() => waiting.length).toBe(1)
    waiting[0]?.end()
    const page = await rest()
    expect(rowsOf(page)).toEqual(['news: done', 'The &lt;Shop&gt;: done'])
    expect(page).toMatch(/<\/html>\n$/)
  })

  it('waits for no second attempt: what failed is said', async () => {
    const { browser } = await signedOutOf(says(500))
    const page = await (await browser.visit(PATH)).text()
    expect(rowsOf(page).sort()).toEqual(['The &lt;Shop&gt;: open', 'news: done'])
    expect(page).toContain('Its server has not answered; it is told again until it does')
    expect(page).toContain('You need not wait')
  })

  it('ends with a site that hangs, and with the hub', async () => {
    const { world, browser } = await signedOutOf(hangs)
    const hanging = (await browser.visit(PATH)).text()
    await world.hub.close()
    expect(rowsOf(await hanging).sort()).toEqual(['The &lt;Shop&gt;: open', 'news: done'])
  })

  it('waits for a site that hangs no longer than an attempt may take', async () => {
    const { world, browser, receiver } = await signedOutOf(hangs)
    const page = await readUntil(await browser.visit(PATH), 'news')
    await expect.poll(() => receiver.received.length, { interval: 5 }).toBe(1)
    world.pass(DELIVERY_TIMEOUT_MS)
    expect(rowsOf(await page.rest())).toEqual(['news: done', 'The &lt;Shop&gt;: open'])
  })

  it('tells the sites to nobody who comes to the browser later', async () => {
    const { world, browser } = await signedOutOf(says(200))
    world.pass(DELIVERY_SHOWN_MS)
    const page = await (await browser.visit(PATH)).text()
    expect(page).toContain('<h1>You are signed out</h1>')
    expect(page).not.toContain('news')
  })

  it('ends nothing when it is loaded again after the next sign-in, and does not lie', async () => {
    const { browser } = await signedOutOf(says(200))
    await browser.signIn(CUSTOMER)
    const page = await (await browser.visit(PATH)).text()
    expect(page).toContain('<h1>You are signed in</h1>')
    expect(page).toContain('<form class="row" method="post" action="/isthmus/logout">')
    expect(await browser.ask('session', SHOP)).toMatchObject({ state: { status: 'signed-in' } })
  })

  it.each(['', '?site=', '?site=nobody', '?site=https://evil.example', '?return_to=https://evil.example/'])(
    'leads nowhere with %j',
    async (query) => {
      await using world = await createWorld()
      const page = await (await world.agent().visit(PATH + query)).text()
      expect(page).toContain('<h1>You are signed out</h1>')
      expect(page).not.toContain('<a ')
    },
  )

  it('leaves nothing open when the user goes away in the middle', async () => {
    const { world, browser } = await signedOutOf(hangs)
    const reader = ((await browser.visit(PATH)).body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await reader.cancel()
    await world.hub.close()
  })
})
