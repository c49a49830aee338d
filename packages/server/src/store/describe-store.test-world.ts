import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Clock, Store, Write } from './store.ts'

const START = Date.UTC(2026, 10, 21)
const HOUR = 3_600_000

interface Opened {
  readonly store: Store
  /** Takes away what the store leaves behind once it is closed. */
  cleanUp(): Promise<void>
}

/** What every implementation of {@link Store} does, whatever it is made of. */
export function describeStore(name: string, open: (clock: Clock) => Promise<Opened>): void {
  describe(`${name} store`, () => {
    let now: number
    let store: Store
    let cleanUp: () => Promise<void>

    beforeEach(async () => {
      now = START
      ;({ store, cleanUp } = await open(() => now))
    })

    afterEach(async () => {
      await store.close()
      await cleanUp()
    })

    const put = (key: string, value: string, more: { expiresAt?: number; ifVersion?: string | null } = {}): Write => ({
      put: key,
      value,
      expiresAt: START + HOUR,
      ...more,
    })

    const versionAt = async (key: string): Promise<string> => {
      const stored = await store.get(key)
      if (!stored) throw new Error(`${key} holds nothing`)
      return stored.version
    }

    const valueAt = async (key: string): Promise<string | undefined> => (await store.get(key))?.value

    describe('get and write', () => {
      it('gives what was put, and undefined for what was not', async () => {
        expect(await store.write([put('a', '{"n":1}')])).toBe(true)
        expect(await store.get('a')).toEqual({ value: '{"n":1}', version: expect.any(String) })
        expect(await store.get('b')).toBeUndefined()
      })

      it('replaces a value', async () => {
        await store.write([put('a', '1')])
        await store.write([put('a', '2')])
        expect(await valueAt('a')).toBe('2')
      })

      it('deletes, and does not mind that there is nothing to delete', async () => {
        await store.write([put('a', '1'), put('b', '2')])
        expect(await store.write([{ delete: 'a' }, { delete: 'never' }])).toBe(true)
        expect(await store.get('a')).toBeUndefined()
        expect(await valueAt('b')).toBe('2')
      })

      it('does nothing for an empty batch', async () => {
        expect(await store.write([])).toBe(true)
        expect(await store.keys('')).toEqual([])
      })

      it('does the steps of a batch in their order', async () => {
        await store.write([
          put('a', '1'),
          put('a', '2'),
          put('b', '1'),
          { delete: 'b' },
          { delete: 'c' },
          put('c', '1'),
        ])
        expect(await valueAt('a')).toBe('2')
        expect(await store.keys('')).toEqual(['a', 'c'])
      })

      it('keeps an empty value apart from no value', async () => {
        await store.write([put('a', '')])
        expect(await valueAt('a')).toBe('')
        expect(await store.take('a')).toBe('')
      })

      it('keeps big values, unchanged', async () => {
        const value = JSON.stringify({ text: '\u0000 ü 漢 🗝 '.repeat(12_000) })
        expect(value.length).toBeGreaterThan(100_000)
        const keys = Array.from({ length: 20 }, (_, index) => `big:${index}`)
        await store.write(keys.map((key) => put(key, `${value}${key}`)))
        for (const key of keys) expect(await valueAt(key)).toBe(`${value}${key}`)
      })
    })

    describe('versions', () => {
      it('change on every write, also of the same value', async () => {
        await store.write([put('a', '1')])
        const first = await versionAt('a')
        expect(await versionAt('a')).toBe(first)
        await store.write([put('a', '1')])
        expect(await versionAt('a')).not.toBe(first)
      })

      it('do not come back when a key is deleted and put again', async () => {
        await store.write([put('a', '1')])
        const first = await versionAt('a')
        await store.write([{ delete: 'a' }])
        await store.write([put('a', '1')])
        expect(await versionAt('a')).not.toBe(first)
        expect(await store.write([put('a', '2', { ifVersion: first })])).toBe(false)
      })

      it('guard a write with ifVersion', async () => {
        await store.write([put('a', '1')])
        const version = await versionAt('a')
        expect(await store.write([put('a', '2', { ifVersion: version })])).toBe(true)
        expect(await store.write([put('a', '3', { ifVersion: version })])).toBe(false)
        expect(await store.write([put('never', '1', { ifVersion: version })])).toBe(false)
        expect(await valueAt('a')).toBe('2')
        expect(await store.keys('')).toEqual(['a'])
      })

      it('guard a first write with ifVersion null', async () => {
        expect(await store.write([put('a', '1', { ifVersion: null })])).toBe(true)
        expect(await store.write([put('a', '2', { ifVersion: null })])).toBe(false)
        await store.write([{ delete: 'a' }])
        expect(await store.write([put('a', '3', { ifVersion: null })])).toBe(true)
        expect(await valueAt('a')).toBe('3')
      })

      it('are those from before the batch', async () => {
        await store.write([put('a', '1')])
        const version = await versionAt('a')
        expect(await store.write([{ delete: 'a' }, put('a', '2', { ifVersion: version })])).toBe(true)
        expect(await store.write([{ delete: 'a' }, put('a', '3', { ifVersion: null })])).toBe(false)
        expect(await valueAt('a')).toBe('2')
      })

      it('let all of a batch happen, or nothing', async () => {
        await store.write([put('a', '1'), put('b', '1'), put('c', '1')])
        const version = await versionAt('c')
        const batch = (ifVersion: string): Write[] => [
          put('a', '2'),
          { delete: 'b' },
          put('d', '2', { ifVersion: null }),
          put('c', '2', { ifVersion }),
        ]
        expect(await store.write(batch('another'))).toBe(false)
        expect(await store.keys('')).toEqual(['a', 'b', 'c'])
        expect(await valueAt('a')).toBe('1')
        expect(await versionAt('c')).toBe(version)

        expect(await store.write(batch(version))).toBe(true)
        expect(await store.keys('')).toEqual(['a', 'c', 'd'])
        expect(await valueAt('a')).toBe('2')
      })

      it('let exactly one of 100 concurrent writers win', async () => {
        await store.write([put('a', 'start')])
        const ifVersion = await versionAt('a')
        const won = await Promise.all(
          Array.from({ length: 100 }, (_, index) => store.write([put('a', `${index}`, { ifVersion })])),
        )
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await valueAt('a')).toBe(`${won.indexOf(true)}`)
      })

      it('let exactly one of 100 concurrent first writers win', async () => {
        const won = await Promise.all(
          Array.from({ length: 100 }, (_, index) => store.write([put('a', `${index}`, { ifVersion: null })])),
        )
        expect(won.filter(Boolean)).toHaveLength(1)
        expect(await valueAt('a')).toBe(`${won.indexOf(true)}`)
      })
    })

    describe('take', () => {
      it('gives a value once', async () => {
        await store.write([put('ticket', '1'), put('ticket:2', '2')])
        expect(await store.take('ticket')).toBe('1')
        expect(await store.take('ticket')).toBeUndefined()
        expect(await store.get('ticket')).toBeUndefined()
        expect(await valueAt('ticket:2')).toBe('2')
      })

      it('gives a value to exactly one of 100 concurrent callers', async () => {
        await store.write([put('ticket', 'prize')])
        const taken = await Promise.all(Array.from({ length: 100 }, () => store.take('ticket')))
        expect(taken.filter((value) => value !== undefined)).toEqual(['prize'])
      })

      it('gives nothing that has expired', async () => {
        await store.write([put('ticket', '1', { expiresAt: START + 60_000 })])
        now += 60_000
        expect(await store.take('ticket')).toBeUndefined()
      })

      it('gives each of many values to one of many callers', async () => {
        const keys = Array.from({ length: 50 }, (_, index) => `ticket:${index}`)
        await store.write(keys.map((key) => put(key, key)))
        const taken = await Promise.all([...keys, ...keys, ...keys].map((key) => store.take(key)))
        expect(taken.filter((value) => value !== undefined).sort()).toEqual([...keys].sort())
      })
    })

    describe('keys', () => {
      it('are those that begin with the prefix, in ascending order', async () => {
        const all = [
          'session:b',
          'session:a',
          'session:',
          'session',
          'session:a:1',
          'session:ab',
          'sessions',
          'sid:a',
          'a',
        ]
        await store.write(all.map((key) => put(key, '1')))
        expect(await store.keys('session:')).toEqual([
          'session:',
          'session:a',
          'session:a:1',
          'session:ab',
          'session:b',
        ])
        expect(await store.keys('session:a')).toEqual(['session:a', 'session:a:1', 'session:ab'])
        expect(await store.keys('session:a:')).toEqual(['session:a:1'])
        expect(await store.keys('session:c')).toEqual([])
        expect(await store.keys('')).toEqual([...all].sort())
      })

      it('take a prefix literally', async () => {
        const all = ['a*b', 'a?b', 'axb', 'a[x]b', 'a\\b', 'a%b', 'a_b', 'a^b', 'a$b', 'A*b']
        await store.write(all.map((key) => put(key, '1')))
        for (const key of all)
          expect(await store.keys(key.slice(0, 2))).toEqual(all.filter((other) => other.startsWith(key.slice(0, 2))))
        expect(await store.keys('a*')).toEqual(['a*b'])
      })

      it('leave out what has expired', async () => {
        await store.write([put('a:1', '1', { expiresAt: START + 1 }), put('a:2', '1', { expiresAt: START + 2 })])
        now += 1
        expect(await store.keys('a:')).toEqual(['a:2'])
      })

      it('may be any text', async () => {
        const odd = [
          ' ',
          '\u0000',
          'a\u0000b',
          'a\u0000',
          '\u0001\u0002\u0003\u0004\u001b',
          `${'\u0000'.repeat(70)}x`,
          '\ufeffbyte order mark',
          'tab\tand\nnewline',
          'é',
          'e\u0301',
          'ß/漢字/한국어/עברית',
          '🗝️👩‍👩‍👧‍👦',
          '\uffff',
          '\ue000',
          '\u{10ffff}',
          '{"json":["key"]}',
          '../../etc/passwd',
          '__proto__',
          'constructor',
          '0',
          '-1',
          'x'.repeat(200),
          '漢'.repeat(200),
          '🗝'.repeat(100),
          'x'.repeat(1024),
        ]
        await store.write(odd.map((key) => put(key, `value of ${key}`)))
        for (const key of odd) expect(await valueAt(key)).toBe(`value of ${key}`)
        expect(await store.keys('')).toEqual([...odd].sort())
        for (const key of odd)
          expect(await store.keys(key)).toEqual(odd.filter((other) => other.startsWith(key)).sort())
        for (const key of odd) expect(await store.take(key)).toBe(`value of ${key}`)
        expect(await store.keys('')).toEqual([])
      })

      it.each([
        ['empty', ''],
        ['too long', 'x'.repeat(1025)],
        ['too long in bytes', '漢'.repeat(342)],
        ['not well-formed', 'user:\ud800'],
      ])('that are %s are refused, and nothing is written', async (_, key) => {
        await expect(store.get(key)).rejects.toThrow(TypeError)
        await expect(store.take(key)).rejects.toThrow(TypeError)
        await expect(store.write([put('a', '1'), put(key, '1')])).rejects.toThrow(TypeError)
        await expect(store.write([put('a', '1'), { delete: key }])).rejects.toThrow(TypeError)
        if (key !== '') await expect(store.keys(key)).rejects.toThrow(TypeError)
        expect(await store.keys('')).toEqual([])
        expect(await store.write([put('a', '1')])).toBe(true)
      })
    })

    describe('expiry', () => {
      it('is at the millisecond given', async () => {
        await store.write([put('a', '1', { expiresAt: START + 1000 })])
        now = START + 999
        expect(await valueAt('a')).toBe('1')
        now = START + 1000
        expect(await store.get('a')).toBeUndefined()
      })

      it('makes room for a first write', async () => {
        await store.write([put('a', '1', { expiresAt: START + 1000 })])
        const version = await versionAt('a')
        now += 1000
        expect(await store.write([put('a', '2', { ifVersion: version, expiresAt: now + HOUR })])).toBe(false)
        expect(await store.write([put('a', '2', { ifVersion: null, expiresAt: now + HOUR })])).toBe(true)
        expect(await valueAt('a')).toBe('2')
      })

      it('moves with each write', async () => {
        await store.write([put('a', '1', { expiresAt: START + 1000 }), put('b', '1', { expiresAt: START + 9000 })])
        await store.write([put('a', '2', { expiresAt: START + 9000 }), put('b', '2', { expiresAt: START + 1000 })])
        now = START + 1000
        expect(await store.keys('')).toEqual(['a'])
        expect(await store.sweep()).toBe(1)
        expect(await valueAt('a')).toBe('2')
        now = START + 9000
        expect(await store.sweep()).toBe(1)
      })

      it('is followed by a sweep that deletes and counts what has expired, and only that', async () => {
        await store.write([
          put('a', '1', { expiresAt: START + 3000 }),
          put('b', '1', { expiresAt: START + 1000 }),
          put('c', '1', { expiresAt: START + 2000 }),
          put('d', '1', { expiresAt: START + 1000 }),
          put('e', '1', { expiresAt: 0 }),
          put('f', '1', { expiresAt: -1 }),
          put('g', '1', { expiresAt: Number.POSITIVE_INFINITY }),
          put('h', '1', { expiresAt: START + 1000 }),
        ])
        await store.take('h')
        now = START + 1000
        expect(await store.sweep()).toBe(4)
        expect(await store.sweep()).toBe(0)
        expect(await store.keys('')).toEqual(['a', 'c', 'g'])
        // Turned back, the clock shows that what was swept is not only hidden.
        now = START
        expect(await store.keys('')).toEqual(['a', 'c', 'g'])
        now = START + 3000
        expect(await store.sweep()).toBe(2)
        expect(await store.keys('')).toEqual(['g'])
      })

      it('is followed by a sweep of any size', async () => {
        const keys = Array.from({ length: 1500 }, (_, index) => `key:${index}`)
        await store.write(keys.map((key, index) => put(key, '1', { expiresAt: START + index + 1 })))
        now += 1200
        expect(await store.sweep()).toBe(1200)
        expect(await store.keys('key:')).toHaveLength(300)
      })
    })

    describe('publish and subscribe', () => {
      const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

      it('tells every subscriber of the topic, and nobody else', async () => {
        const [first, second, other] = [vi.fn(), vi.fn(), vi.fn()]
        await store.subscribe('session:a', first)
        await store.subscribe('session:a', second)
        await store.subscribe('session:ab', other)
        await store.publish('session:a')
        await store.publish('nobody')
        await vi.waitFor(() => expect([first, second].map((mock) => mock.mock.calls.length)).toEqual([1, 1]))
        await store.publish('session:a')
        await vi.waitFor(() => expect([first, second].map((mock) => mock.mock.calls.length)).toEqual([2, 2]))
        await settled()
        expect(first).toHaveBeenCalledTimes(2)
        expect(other).not.toHaveBeenCalled()
      })

      it('ends one subscription at a time, also of the same function', async () => {
        const listener = vi.fn()
        const endFirst = await store.subscribe('topic', listener)
        const endSecond = await store.subscribe('topic', listener)
        await store.publish('topic')
        await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(2))
        endFirst()
        endFirst()
        await store.publish('topic')
        await vi.waitFor(() => expect(listener).toHaveBeenCalledTimes(3))
        endSecond()
        await store.publish('topic')
        await settled()
        expect(listener).toHaveBeenCalledTimes(3)
      })

      it('never calls a listener once its subscription ended, not even for what was published before', async () => {
        const listener = vi.fn()
        const end = await store.subscribe('topic', listener)
        const published = store.publish('topic')
        end()
        await published
        await settled()
        expect(listener).not.toHaveBeenCalled()
      })

      it('lets a listener write, publish and unsubscribe', async () => {
        const second = vi.fn()
        await store.subscribe('second', second)
        const end = await store.subscribe('first', () => {
          end()
          void store.write([put('seen', '1')]).then(() => store.publish('second'))
        })
        await store.publish('first')
        await store.publish('first')
        await vi.waitFor(() => expect(second).toHaveBeenCalledOnce())
        expect(await valueAt('seen')).toBe('1')
      })

      it('tells the others when one listener throws', async () => {
        const listener = vi.fn()
        const uncaught = vi.fn()
        const listeners = process.listeners('uncaughtException')
        process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught)
        try {
          await store.subscribe('topic', () => {
            throw new Error('of one listener')
          })
          await store.subscribe('topic', listener)
          await store.publish('topic')
          await vi.waitFor(() => expect(listener).toHaveBeenCalledOnce())
          await vi.waitFor(() => expect(uncaught).toHaveBeenCalledOnce())
        } finally {
          process.removeAllListeners('uncaughtException')
          for (const each of listeners) process.on('uncaughtException', each)
        }
      })
    })

    describe('close', () => {
      it('waits for what is under way', async () => {
        const written = Promise.all(Array.from({ length: 50 }, (_, index) => store.write([put(`key:${index}`, '1')])))
        const taken = store.take('key:0')
        const swept = store.sweep()
        await store.close()
        expect(await written).toEqual(Array.from({ length: 50 }, () => true))
        expect(await taken).toBe('1')
        expect(await swept).toBe(0)
      })

      it('ends everything, and may be repeated', async () => {
        const listener = vi.fn()
        const end = await store.subscribe('topic', listener)
        await Promise.all([store.close(), store.close()])
        await store.close()
        for (const call of [
          () => store.get('a'),
          () => store.write([put('a', '1')]),
          () => store.write([]),
          () => store.take('a'),
          () => store.keys(''),
          () => store.publish('topic'),
          () => store.subscribe('topic', listener),
          () => store.sweep(),
        ]) {
          await expect(call()).rejects.toThrow('The store is closed.')
        }
        end()
        expect(listener).not.toHaveBeenCalled()
      })
    })
  })
}
