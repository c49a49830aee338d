import { describe, expect, it, vi } from 'vitest'
import { holdTime } from '../held-time.test-world.ts'
import { memoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { type Due, dropTask, prefixesOf, putTask, readTasks, secondOf } from './agenda.ts'
import { keepAgenda } from './keep-agenda.ts'

const FOREVER = 1e15

function matches(from: number, to: number, second: number): number {
  const digits = String(second).padStart(10, '0')
  return prefixesOf(from, to).filter((prefix) => digits.startsWith(prefix)).length
}

describe('the prefixes of a range', () => {
  it.each([
    [0, 0],
    [0, 9],
    [7, 7],
    [7, 1234],
    [99, 1001],
    [1_893_455_999, 1_893_456_060],
    [0, 1_893_456_789],
    [1_893_456_789, 1_893_456_788],
  ])('%d to %d match every second inside once, and none outside', (from, to) => {
    const inside = [from, from + 1, Math.floor((from + to) / 2), to - 1, to].filter((at) => at >= from && at <= to)
    const outside = [from - 1, to + 1, from - 1000, to + 1000, to + 1e9].filter(
      (at) => at >= 0 && (at < from || at > to),
    )
    for (const second of inside) expect(matches(from, to, second)).toBe(1)
    for (const second of outside) expect(matches(from, to, second)).toBe(0)
  })

  it('agree with counting, for any small range', () => {
    const seconds = Array.from({ length: 300 }, (_, second) => second)
    for (let from = 0; from < 130; from += 7) {
      for (let to = from - 1; to < 260; to += 9) {
        const counted = seconds.map((second) => (second >= from && second <= to ? 1 : 0))
        expect(seconds.map((second) => matches(from, to, second))).toEqual(counted)
      }
    }
  })

  it('are few, also for all of the past', () => {
    expect(prefixesOf(1_893_456_789, 1_893_456_789)).toEqual(['1893456789'])
    expect(prefixesOf(0, 1_899_999_999).length).toBeLessThan(20)
    expect(prefixesOf(0, 9_999_999_998).length).toBeLessThanOrEqual(91)
  })
})

async function fill(store: Store, ...dues: Due[]): Promise<void> {
  await store.write(dues.map((due) => putTask(due, FOREVER)))
}

describe('the agenda', () => {
  it('gives what stands between two seconds, in their order', async () => {
    const store = memoryStore({ clock: () => 0 })
    const dues = [9, 10, 11, 99, 100, 1000].map((second) => ({ task: `a/${second}/x`, second }))
    await fill(store, ...[...dues].reverse())
    expect(await readTasks(store, 10, 100)).toEqual(dues.slice(1, 5))
    await store.write([dropTask(dues[2] as Due)])
    expect(await readTasks(store, 0, 5000)).toHaveLength(5)
  })

  it('holds a task at the first second that is not before its time', () => {
    expect([0, 1, 999, 1000, 1001].map(secondOf)).toEqual([0, 1, 1, 1, 2])
  })
})

describe('its keeper', () => {
  it('does what is due, not before, and not twice', async () => {
    const { clock, timer, pass } = holdTime(10_000)
    const store = memoryStore({ clock })
    const [past, present, future] = [3, 10, 11].map((second) => ({ task: `a/${second}`, second })) as [Due, Due, Due]
    await fill(store, past, present, future)
    const doer = vi.fn()
    const keeper = keepAgenda({ store, clock, timer }, { a: doer }, () => undefined)
    await keeper.look()
    expect(doer.mock.calls).toEqual([[past], [present]])
    await keeper.look()
    pass(999)
    await keeper.look()
    expect(doer).toHaveBeenCalledTimes(2)
    pass(1)
    await keeper.look()
    expect(doer.mock.lastCall).toEqual([future])
    await keeper.stop()
  })

  it('goes on after a doer that throws, tells of it, and comes back to it at the next review', async () => {
    const store = memoryStore({ clock: () => 0 })
    await fill(store, { task: 'a/bad', second: 1 }, { task: 'a/good', second: 1 }, { task: 'unknown/x', second: 1 })
    const done: string[] = []
    const errors: unknown[] = []
    const doer = async ({ task }: Due): Promise<void> => {
      done.push(task)
      if (task === 'a/bad') throw new Error('bad')
    }
    const keeper = keepAgenda({ store, ...holdTime(5000) }, { a: doer }, (error) => errors.push(error))
    await keeper.look()
    expect(done).toEqual(['a/bad', 'a/good'])
    expect(errors).toMatchObject([{ message: 'bad' }])
    for (let looks = 1; looks < 60; looks++) await keeper.look()
    expect(done).toHaveLength(2)
    await keeper.look()
    expect(done).toHaveLength(4)
    await keeper.stop()
  })

  it('looks by itself, once a second', async () => {
    const { clock, timer, pass } = holdTime(5000)
    const store = memoryStore({ clock })
    const keys = vi.fn(store.keys)
    const keeper = keepAgenda({ store: { ...store, keys }, clock, timer }, {}, () => undefined)
    const looks: boolean[] = []
    for (const ms of [999, 1, 999, 1]) {
      keys.mockClear()
      pass(ms)
      looks.push(keys.mock.calls.length > 0)
      await keeper.look()
    }
    expect(looks).toEqual([false, true, false, true])
    await keeper.stop()
    keys.mockClear()
    pass(5000)
    expect(keys).not.toHaveBeenCalled()
  })

  it('waits for the store to come back', async () => {
    const store = memoryStore({ clock: () => 0 })
    await fill(store, { task: 'a/x', second: 1 })
    let isDown = true
    const keys: Store['keys'] = async (prefix) => {
      if (isDown) throw new Error('down')
      return store.keys(prefix)
    }
    const doer = vi.fn()
    const errors: unknown[] = []
    const keeper = keepAgenda({ store: { ...store, keys }, ...holdTime(5000) }, { a: doer }, (error) =>
      errors.push(error),
    )
    await keeper.look()
    expect(errors).toMatchObject([{ message: 'down' }])
    isDown = false
    await keeper.look()
    expect(doer).toHaveBeenCalledTimes(1)
    await keeper.stop()
  })
})
