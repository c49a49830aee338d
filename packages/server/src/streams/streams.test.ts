import { HEARTBEAT_MS, type Origin } from '@isthmus/protocol'
import { describe, expect, it, vi } from 'vitest'
import { parseSettings } from '../config/hub-config.ts'
import { createSites } from '../config/sites.ts'
import { holdTime } from '../held-time.test-world.ts'
import { HUB, SHOP, SITES, START } from '../hub.test-world.ts'
import { createHubEvents } from '../hub-events.ts'
import type { Sink } from '../responses/reply.ts'
import { describe as describeSession, type Session } from '../session/session.ts'
import { memoryStore } from '../store/memory.ts'
import { createStreams, type Streams } from './streams.ts'

interface Reader extends Sink {
  pendingBytes: number
  readonly told: string[]
  over: 'no' | 'ended' | 'cut'
}

function createReader(): Reader {
  const reader: Reader = {
    pendingBytes: 0,
    told: [],
    over: 'no',
    write: (text) => void reader.told.push(text),
    end(text) {
      if (text !== undefined) reader.told.push(text)
      reader.over = 'ended'
    },
    cut() {
      reader.over = 'cut'
    },
  }
  return reader
}

const session = (sid: string, more: Partial<Session> = {}): Session => ({
  sid,
  sub: 'customer',
  claims: { name: 'Customer' },
  groups: [],
  createdAt: START,
  expiresAt: START + 3_600_000,
  idleExpiresAt: START + 1_800_000,
  revision: START,
  seenAt: START,
  device: {},
  sites: {},
  ...more,
})

/** Streams over sessions that the test holds; `reads` counts how often one was looked up. */
async function createSetting(): Promise<{
  streams: Streams
  open: (sid: string) => Reader
  change: (sid: string, more: Partial<Session>) => void
  reads: () => number
  pass: (ms: number) => void
  close: () => void
}> {
  const { clock, timer, pass } = holdTime(START)
  const settings = parseSettings({ origin: HUB, sites: [], store: memoryStore(), clock, timer })
  const sites = await createSites(SITES, clock, () => undefined)
  const stored = new Map<string, Session>()
  const listeners = new Map<string, Set<() => void>>()
  const draining = new AbortController()
  let reads = 0
  const [site] = SITES.map(({ id, origins, claims }) => ({
    id,
    origins: origins as Origin[],
    claims: claims ?? [],
    cookieDomains: [],
  }))
  const streams = createStreams({
    settings,
    sites,
    events: createHubEvents(),
    metrics: undefined,
    draining: draining.signal,
    sessions: {
      async get(sid: string) {
        reads += 1
        return stored.get(sid)
      },
      async follow(sid: string, listener: () => void) {
        const known = listeners.get(sid) ?? new Set()
        listeners.set(sid, known.add(listener))
        return () => void known.delete(listener)
      },
    } as never,
    answer: async (proof, embedder) => {
      const found = proof?.session as Session
      return { site: embedder.site.id, carrier: 'cookie', state: describeSession(found, embedder.site, clock()) }
    },
  })
  return {
    streams,
    open(sid) {
      const found = stored.get(sid) ?? session(sid)
      stored.set(sid, found)
      const reader = createReader()
      if (!site) throw new Error('No site.')
      streams.open({ carrier: 'cookie', session: found }, { origin: SHOP as Origin, site, wantsToken: false })(reader)
      return reader
    },
    change(sid, more) {
      stored.set(sid, { ...session(sid), ...more })
      for (const listener of listeners.get(sid) ?? []) listener()
    },
    reads: () => reads,
    pass,
    close: () => draining.abort(),
  }
}

const settled = (holds: () => boolean): Promise<void> => vi.waitFor(() => expect(holds()).toBe(true), { interval: 1 })

describe('many streams', () => {
  // Each of them read the store for itself.
  it('of one session cost one read of it at a change', async () => {
    const { open, change, reads } = await createSetting()
    const readers = Array.from({ length: 50 }, () => open('one'))
    await settled(() => readers.every(({ told }) => told.length === 1))
    const before = reads()
    change('one', { end: { reason: 'logout', at: START }, revision: START + 1 })
    await settled(() => readers.every(({ over }) => over === 'ended'))
    expect(reads() - before).toBe(1)
    expect(readers.every(({ told }) => told.at(-1)?.includes('"reason":"logout"'))).toBe(true)
  })

  // All answers were computed before the first one was sent: the event loop stood still for two seconds.
  it('let the event loop turn while they are told', async () => {
    const { open, change, streams } = await createSetting()
    const sids = Array.from({ length: 1000 }, (_, index) => `s${index}`)
    const readers = sids.map(open)
    await settled(() => readers.every(({ told }) => told.length === 1))
    const seen: number[] = []
    const watch = (): void => {
      seen.push(readers.filter(({ over }) => over === 'ended').length)
      if (streams.count() > 0) setImmediate(watch)
    }
    setImmediate(watch)
    for (const sid of sids) change(sid, { end: { reason: 'revoked', at: START }, revision: START + 1 })
    await settled(() => streams.count() === 0)
    const steps = seen.slice(1).map((count, index) => count - (seen[index] as number))
    expect(Math.max(...steps)).toBeLessThanOrEqual(128)
  })

  it('have one listener on the end of the hub, and no warning', async () => {
    const warnings = vi.fn()
    process.on('warning', warnings)
    const { open, close, streams } = await createSetting()
    const readers = Array.from({ length: 100 }, (_, index) => open(`s${index}`))
    await settled(() => readers.every(({ told }) => told.length === 1))
    close()
    process.off('warning', warnings)
    expect(warnings).not.toHaveBeenCalled()
    expect(streams.count()).toBe(0)
    // They come back spread out, and not all at once.
    const pauses = readers.map(({ told }) => Number(/^retry: (\d+)\n\n$/.exec(told.at(-1) ?? '')?.[1]))
    expect(pauses.every((pause) => pause >= 0 && pause <= 5000)).toBe(true)
    expect(new Set(pauses).size).toBeGreaterThan(50)
  })
})

describe('a reader', () => {
  it('that takes nothing is cut off, and the others are not', async () => {
    const { open, change } = await createSetting()
    const [slow, quick] = [open('one'), open('one')]
    await settled(() => quick.told.length === 1)
    slow.pendingBytes = 1_000_000
    change('one', { revision: START + 1 })
    await settled(() => quick.told.length === 2)
    expect([slow.over, quick.over]).toEqual(['cut', 'no'])
    expect(slow.told).toHaveLength(1)
  })

  it('hears a sign of life at every heartbeat', async () => {
    const { open, pass } = await createSetting()
    const reader = open('one')
    await settled(() => reader.told.length === 1)
    pass(HEARTBEAT_MS)
    await settled(() => reader.told.length === 2)
    expect(reader.told[1]).toBe(': still here\n\n')
  })

  it('of a hub that is draining is ended at once', async () => {
    const { open, close } = await createSetting()
    close()
    expect(open('one').over).toBe('ended')
  })
})
