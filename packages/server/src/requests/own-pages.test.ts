import { describe, expect, it } from 'vitest'
import { CUSTOMER, createWorld, HUB, SHOP } from '../hub.test-world.ts'

type Headers = Record<string, string>

describe.each(['signIn', 'signOut', 'sessions.current'] as const)('hub.%s', (call) => {
  async function ask(method: string | undefined, headers: Headers): Promise<string> {
    await using world = await createWorld()
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
    const request = { headers: { cookie, ...headers }, url: '/', method }
    const { hub } = world
    const calls = {
      signIn: () => hub.signIn(request, CUSTOMER),
      signOut: () => hub.signOut(request),
      'sessions.current': () => hub.sessions.current(request),
    }
    const outcome = await calls[call]().then(
      () => 'done',
      (error: Error & { code: string }) => `${error.code}: ${error.message}`,
    )
    const lives = (await hub.sessions.list('customer')).length
    return outcome === 'done' ? outcome : `${outcome} (${lives} live)`
  }

  it.each<[string | undefined, Headers]>([
    ['POST', { origin: HUB }],
    ['POST', {}],
    ['POST', { 'sec-fetch-site': 'same-origin' }],
    ['GET', { origin: 'https://evil.example' }],
    ['GET', { 'sec-fetch-site': 'cross-site' }],
    [undefined, {}],
  ])('takes %j with %j', async (method, headers) => {
    expect(await ask(method, headers)).toBe('done')
  })

  it.each<[string | undefined, Headers]>([
    ['POST', { origin: 'https://evil.example' }],
    ['POST', { origin: SHOP }],
    ['POST', { origin: `${HUB}.evil` }],
    ['POST', { origin: 'null' }],
    ['POST', { 'sec-fetch-site': 'cross-site' }],
    ['POST', { 'sec-fetch-site': 'same-site' }],
    ['DELETE', { origin: 'https://evil.example' }],
    [undefined, { origin: 'https://evil.example' }],
  ])('refuses %j with %j, and says what to do', async (method, headers) => {
    const outcome = await ask(method, headers)
    expect(outcome).toMatch(new RegExp(`^origin-refused: ${call}: the request comes from .*\\(1 live\\)$`))
    expect(outcome).toContain(headers.origin === 'null' ? 'Referrer-Policy' : `only pages of ${HUB} may ask`)
  })
})
