import { describe, expect, it, vi } from 'vitest'
import { says, startReceiver } from '../backchannel/receiver.test-world.ts'
import { CUSTOMER, createWorld, problemOf, SHOP } from '../hub.test-world.ts'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'

const HEALTH = '/isthmus/healthz'
const METRICS = '/isthmus/metrics'

describe('GET /healthz', () => {
  it('is ok, and leaves nothing in the store', async () => {
    await using world = await createWorld()
    const response = await world.agent().send(HEALTH)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    // A client whose frame is silent asks it across origins.
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(await response.json()).toEqual({ status: 'ok' })
    expect(await world.dump()).toBe('[]')
  })

  it.each<[string, (store: Store) => Partial<Store>]>([
    ['cannot write', () => ({ write: () => Promise.reject(new Error('The disk at /secret/path is full.')) })],
    ['forgets', () => ({ take: async () => undefined })],
  ])('fails while the store %s; why is told to the program only', async (_, changes) => {
    const store = memoryStore()
    const broken: { -readonly [Name in keyof Store]: Store[Name] } = { ...store }
    await using world = await createWorld({ store: broken })
    const errors: object[] = []
    world.hub.on('error', (event) => errors.push(event))
    Object.assign(broken, changes(store))
    const response = await world.agent().send(HEALTH)
    expect(response.status).toBe(503)
    expect(await response.text()).toBe('{"status":"failing"}')
    expect(errors).toMatchObject([{ path: 'healthz' }])
    Object.assign(broken, store)
    world.pass(1000)
    expect((await world.agent().send(HEALTH)).status).toBe(200)
  })

  it('fails while the store hangs, and waits for it no longer than three seconds', async () => {
    const hang = vi.fn(() => new Promise<never>(() => undefined))
    await using world = await createWorld({ store: { ...memoryStore(), take: hang } })
    const errors: object[] = []
    world.hub.on('error', (event) => errors.push(event))
    const asked = world.agent().send(HEALTH)
    await vi.waitFor(() => expect(hang).toHaveBeenCalled(), { interval: 5 })
    world.pass(3000)
    expect((await asked).status).toBe(503)
    expect(errors).toMatchObject([{ path: 'healthz', error: { message: 'The store took more than 3000 ms.' } }])
  })

  it('costs one round trip a second, however often it is asked', async () => {
    const store = memoryStore()
    const take = vi.fn(store.take)
    await using world = await createWorld({ store: { ...store, take } })
    for (const trips of [1, 2]) {
      const answers = await Promise.all(Array.from({ length: 200 }, () => world.agent().send(HEALTH)))
      expect(answers.every(({ status }) => status === 200)).toBe(true)
      expect(take).toHaveBeenCalledTimes(trips)
      world.pass(1000)
    }
  })
})

describe('GET /metrics', () => {
  it('does not exist unless it is switched on', async () => {
    await using world = await createWorld()
    expect(await problemOf(await world.agent().send(METRICS))).toMatchObject({ status: 404, error: 'not-found' })
  })

  it('exists for its key alone, where there is one', async () => {
    const key = 'k'.repeat(32)
    await using world = await createWorld({ metricsKey: key })
    for (const authorization of [undefined, 'Bearer x', `Bearer ${key}x`, `Basic ${key}`, key]) {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await world.agent().send(METRICS, { headers })
      expect(await problemOf(answer)).toMatchObject({ status: 404, error: 'not-found' })
    }
    const answer = await world.agent().send(METRICS, { headers: { authorization: `Bearer ${key}` } })
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('isthmus_streams_open 0')])
  })

  it('counts what happens', async () => {
    await using shop = await startReceiver(says(500))
    await using world = await createWorld({
      metrics: true,
      sites: [{ id: 'shop', origins: [SHOP], backchannelLogoutUri: shop.uri }],
    })
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    const partition = await world.link(browser, SHOP)
    const stream = ((await partition.call('events', SHOP)).body as ReadableStream<Uint8Array>).getReader()
    await stream.read()
    const during = await (await browser.send(METRICS)).text()
    expect(during).toContain('isthmus_streams_open 1\n')
    await browser.call('session', 'https://evil.example')
    const delivered = new Promise((resolve) => world.hub.on('delivery', resolve))
    await partition.ask('signOut', SHOP)
    await delivered
    while (!(await stream.read()).done);
    await stream.cancel()
    await browser.send('/isthmus/assets/hub-00000000.js')
    const response = await browser.send(METRICS)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/)
    const text = await response.text()
    for (const line of [
      'isthmus_sign_ins_total 1',
      'isthmus_sign_outs_total{reason="logout"} 1',
      'isthmus_links_total{site="shop"} 1',
      'isthmus_denied_total{code="not-registered"} 1',
      'isthmus_errors_total 0',
      'isthmus_push_seconds_count 1',
      'isthmus_delivery_seconds_count{site="shop",result="failed"} 1',
      'isthmus_deliveries_pending 1',
      'isthmus_request_seconds_count{endpoint="signOut",status="200"} 1',
      'isthmus_request_seconds_count{endpoint="session",status="403"} 1',
      'isthmus_request_seconds_count{endpoint="metrics",status="200"} 1',
      'isthmus_request_seconds_count{endpoint="assets",status="200"} 1',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    expect(text).toContain('process_cpu_seconds_total')
  })

  it('names nobody, and has no end of series for strangers to make', async () => {
    await using world = await createWorld({ metrics: true })
    const browser = world.agent()
    await browser.signIn(CUSTOMER)
    await browser.ask('session', SHOP)
    const [session] = await world.hub.sessions.list('customer')
    const series = async (): Promise<number> => (await (await browser.send(METRICS)).text()).split('\n').length
    await browser.send('/isthmus/nothing')
    await browser.send('/isthmus/hub?site=x')
    await series()
    const before = await series()
    for (let count = 0; count < 50; count++) {
      await browser.send(`/isthmus/nothing-${count}`)
      await browser.send(`/isthmus/hub?site=x${count}`)
    }
    expect(await series()).toBe(before)
    const text = await (await browser.send(METRICS)).text()
    expect(text).toContain('endpoint="none",status="404"')
    for (const secret of [session?.sid ?? '', 'customer', ...browser.cookies.values()])
      expect(text).not.toContain(secret)
  })

  it('leaves errors to be printed while the program does not listen', async () => {
    const stderr = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const store = memoryStore()
    const get = vi.fn(store.get)
    await using world = await createWorld({ metrics: true, store: { ...store, get } })
    get.mockRejectedValue(new Error('down'))
    await world.agent({ '__Host-isthmus': 'x'.repeat(43) }).call('session', SHOP)
    expect(stderr).toHaveBeenCalledTimes(1)
    stderr.mockRestore()
    expect(await (await world.agent().send(METRICS)).text()).toContain('isthmus_errors_total 1\n')
  })
})
