import { describe, expect, it } from 'vitest'
import { deviceOf } from './device.ts'
import { networkOf } from './place.ts'
import type { RequestLike } from './request-like.ts'

const from = (agent: string): RequestLike => ({ headers: { 'user-agent': agent } })
const AT = 'AppleWebKit/537.36 (KHTML, like Gecko)'

describe('the device', () => {
  it.each([
    [`Mozilla/5.0 (X11; Linux x86_64) ${AT} Chrome/140.0.0.0 Safari/537.36`, 'Chrome', 'Linux', 'desktop'],
    [`Mozilla/5.0 (Linux; Android 10; K) ${AT} Chrome/140.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android', 'mobile'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0',
      'Firefox',
      'Windows',
      'desktop',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari',
      'iOS',
      'mobile',
    ],
  ])('of %s', (agent, browser, system, kind) => {
    expect(deviceOf(from(agent))).toEqual({ browser, system, kind })
    expect(JSON.stringify(deviceOf(from(agent)))).not.toMatch(/\d/)
  })

  it('is unknown where nothing is said', () => {
    for (const request of [{ headers: {} }, from(''), from('curl/8'), { headers: new Headers(), url: '/' }]) {
      expect(deviceOf(request)).toEqual({})
    }
  })

  it('is short, whatever is sent', () => {
    for (const agent of ['x'.repeat(1e6), `${'<b>'.repeat(50)}/1 (x) y`, `${'a '.repeat(1e5)}Safari/1`, '\u0000/1 ']) {
      const startedAt = performance.now()
      expect(JSON.stringify(deviceOf(from(agent))).length).toBeLessThan(150)
      expect(performance.now() - startedAt).toBeLessThan(200)
    }
  })
})

describe('the network', () => {
  it.each([
    ['198.41.0.4', '198.41.x.x'],
    ['::ffff:198.41.0.4', '198.41.x.x'],
    ['2a00:1450:4001:81b::200e', '2a00:1450::x'],
    ['2001:500:2::c', '2001:500::x'],
    ['127.0.0.1', undefined],
    ['::1', undefined],
    ['10.1.2.3', undefined],
    ['192.168.1.1', undefined],
    ['fe80::1%eth0', undefined],
    ['fd00::1', undefined],
    ['198.41.0.4, 10.0.0.1', undefined],
    ['<b>', undefined],
    ['', undefined],
  ])('of %s is %s', (ip, network) => {
    expect(networkOf({ headers: {}, ip })).toBe(network)
    expect(networkOf({ headers: {}, socket: { remoteAddress: ip } })).toBe(network)
  })

  it('is that of the client if Express knows it, not of the proxy', () => {
    expect(networkOf({ headers: {}, ip: '198.41.0.4', socket: { remoteAddress: '8.8.8.8' } })).toBe('198.41.x.x')
    expect(networkOf({ headers: { 'x-forwarded-for': '8.8.8.8' } })).toBeUndefined()
    expect(networkOf(new Request('https://auth.example/'))).toBeUndefined()
  })
})
