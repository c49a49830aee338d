import { HEARTBEAT_MS } from '@isthmus/protocol'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createHedge, type Hedge } from './hedge.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A hub that answers its n-th request after so many milliseconds; `null`: never. */
function hubOf(...delays: (number | null)[]): { request: () => Promise<number>; sent: () => number } {
  let sent = 0
  return {
    sent: () => sent,
    request: () => {
      const turn = sent++
      const delay = delays[Math.min(turn, delays.length - 1)] ?? null
      return new Promise((resolve) => delay !== null && setTimeout(resolve, delay, turn))
    },
  }
}

async function heardOnce(hedge: Hedge): Promise<void> {
  const answer = hedge.send(hubOf(10).request)
  await vi.advanceTimersByTimeAsync(10)
  await answer
}

describe('a request', () => {
  // Regression: on a slow hub every question was sent up to four times by every tab.
  it('to a hub that was heard just now is sent once, however slow the hub is', async () => {
    const hedge = createHedge()
    await heardOnce(hedge)
    const { request, sent } = hubOf(4500)
    const answer = hedge.send(request)
    await vi.advanceTimersByTimeAsync(4500)
    expect(await answer).toBe(0)
    expect(sent()).toBe(1)
  })

  it.each([
    ['the page was hidden', (hedge: Hedge) => hedge.suspect()],
    ['nothing was heard for a heartbeat', () => vi.advanceTimersByTime(HEARTBEAT_MS)],
    ['the clock was set back', () => vi.setSystemTime(0)],
  ])('after %s goes out once more, and the first outcome counts', async (_, suspicious) => {
    const hedge = createHedge()
    await heardOnce(hedge)
    suspicious(hedge)
    const { request, sent } = hubOf(null, 20)
    const answer = hedge.send(request)
    await vi.advanceTimersByTimeAsync(999)
    expect(sent()).toBe(1)
    await vi.advanceTimersByTimeAsync(21)
    expect(await answer).toBe(1)
    expect(sent()).toBe(2)
  })

  // Regression: WebKit keeps six connections, opens no other while all are taken, and each copy took a dead one.
  it('gets a new connection where a browser keeps dead ones only, and no copy more', async () => {
    const free = new Set(['dead', 'dead too', 'third', 'fourth', 'fifth', 'sixth'])
    let sent = 0
    const request = (signal?: AbortSignal): Promise<string> => {
      const [dead] = free
      sent++
      if (dead === undefined) return Promise.reject(new Error('All connections are taken.'))
      free.delete(dead)
      if (dead === 'new') return Promise.resolve('answered')
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          free.add('new')
          reject(new Error('aborted'))
        })
      })
    }
    const answer = createHedge().send(request)
    await vi.advanceTimersByTimeAsync(3000)
    expect(await answer).toBe('answered')
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sent).toBe(7)
  })

  it('leaves no copy behind when one is answered', async () => {
    const signals: (AbortSignal | undefined)[] = []
    const { request } = hubOf(null, 1500, null)
    const answer = createHedge().send((signal) => {
      signals.push(signal)
      return request()
    })
    await vi.advanceTimersByTimeAsync(2500)
    expect(await answer).toBe(1)
    expect(signals.map((signal) => signal?.aborted)).toEqual([undefined, true, true, true, true, true])
  })

  it('to a hub that has been seen to be slow is hedged later', async () => {
    const hedge = createHedge()
    const slow = hubOf(3500)
    const answer = hedge.send(slow.request)
    await vi.advanceTimersByTimeAsync(3500)
    await answer
    hedge.suspect()
    const { request, sent } = hubOf(4500)
    const next = hedge.send(request)
    await vi.advanceTimersByTimeAsync(4500)
    expect(await next).toBe(0)
    expect(sent()).toBe(1)
  })

  it('that is answered in time is sent once', async () => {
    const { request, sent } = hubOf(900)
    const answer = createHedge().send(request)
    await vi.advanceTimersByTimeAsync(5000)
    expect(await answer).toBe(0)
    expect(sent()).toBe(1)
  })

  it('that fails at once fails, and is not sent again', async () => {
    let sent = 0
    const request = async (): Promise<never> => {
      sent++
      throw new Error('refused')
    }
    await expect(createHedge().send(request)).rejects.toThrow('refused')
    await vi.advanceTimersByTimeAsync(5000)
    expect(sent).toBe(1)
  })
})
