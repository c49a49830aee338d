import { setImmediate as macrotask } from 'node:timers/promises'
import { type SiteAnswer, STREAM_SILENCE_MS } from '@isthmus/protocol'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { type Channel, type InRoom, joinElection, type Lock, type StreamMember } from './elect.ts'
import type { StreamEvents } from './open-stream.ts'
import type { FromWorker, Wish } from './worker-messages.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** One partition: its lock, its channel, and the streams that its workers have open. */
function createRoom() {
  const queue: { held: () => Promise<void>; resolve: () => void; reject: (error: Error) => void }[] = []
  let holder: (typeof queue)[number] | undefined
  const channels = new Set<Channel>()
  const frozen = new Set<Channel>()
  const streams: { sid: string; by: string; events: StreamEvents }[] = []

  function grant(): void {
    const next = holder ? undefined : queue.shift()
    if (!next) return
    holder = next
    void next.held().then(() => {
      if (holder !== next) return
      holder = undefined
      next.resolve()
      grant()
    })
  }

  const lock: Lock = {
    request: (steal, signal, held) =>
      new Promise<void>((resolve, reject) => {
        const request = { held, resolve, reject }
        if (steal) {
          holder?.reject(new DOMException('Stolen.', 'AbortError'))
          holder = undefined
          queue.unshift(request)
        } else {
          queue.push(request)
          signal.addEventListener('abort', () => {
            const place = queue.indexOf(request)
            if (place < 0) return
            queue.splice(place, 1)
            reject(new DOMException('Aborted.', 'AbortError'))
          })
        }
        grant()
      }),
  }

  function createChannel(): Channel {
    const channel: Channel = {
      onmessage: null,
      postMessage(message: InRoom) {
        if (frozen.has(channel)) return
        for (const other of channels) if (other !== channel && !frozen.has(other)) other.onmessage?.({ data: message })
      },
      close: () => void channels.delete(channel),
    }
    channels.add(channel)
    return channel
  }

  function join(name: string): { member: StreamMember; told: FromWorker[]; freeze(): void } {
    const told: FromWorker[] = []
    const channel = createChannel()
    const member = joinElection({ tell: (message) => told.push(message) }, channel, lock, ({ sid }, events) => {
      const stream = { sid, by: name, events }
      streams.push(stream)
      return { wake: () => {}, close: () => void streams.splice(streams.indexOf(stream), 1) }
    })
    return { member, told, freeze: () => void frozen.add(channel) }
  }

  return { join, streams, open: () => streams.map(({ by, sid }) => `${by} ${sid}`) }
}

function wish(sid: string): Wish {
  const embedder = { origin: 'https://shop.example', site: 'shop', wantsToken: false }
  return { type: 'follow', embedder, sid, keyed: true, key: undefined, nonce: 'n', room: 'room' }
}

function answerOf(sid: string): SiteAnswer {
  const state = { status: 'signed-in', access: 'denied', sid, user: { sub: 'u' } } as const
  return { site: 'shop', carrier: 'key', state: { ...state, expiresAt: 9, idleExpiresAt: 8, revision: 1 } }
}

it('eight pages have one stream, and each is told', async () => {
  const room = createRoom()
  const pages = Array.from({ length: 8 }, (_, index) => room.join(`p${index}`))
  for (const { member } of pages) member.receive(wish('s1'))
  await macrotask()
  expect(room.open()).toEqual(['p0 s1'])
  room.streams[0]?.events.onAnswer(answerOf('s1'))
  for (const { told } of pages) expect(told).toContainEqual({ type: 'answer', answer: answerOf('s1') })
})

it('a page that comes later is told what was said before', async () => {
  const room = createRoom()
  room.join('first').member.receive(wish('s1'))
  await macrotask()
  room.streams[0]?.events.onStatus('open')
  room.streams[0]?.events.onAnswer(answerOf('s1'))
  const late = room.join('late')
  late.member.receive(wish('s1'))
  expect(late.told).toEqual([
    { type: 'answer', answer: answerOf('s1') },
    { type: 'stream', status: 'open' },
  ])
  expect(room.open()).toEqual(['first s1'])
})

it('the leader leaves: the next one opens the stream', async () => {
  const room = createRoom()
  const [first, second] = [room.join('first'), room.join('second')]
  first.member.receive(wish('s1'))
  second.member.receive(wish('s1'))
  await macrotask()
  first.member.leave()
  await macrotask()
  expect(room.open()).toEqual(['second s1'])
})

it('the newest wish counts: a page with another session takes the lead, and the former leader does not take it back', async () => {
  const room = createRoom()
  const [first, second] = [room.join('first'), room.join('second')]
  first.member.receive(wish('s1'))
  await macrotask()
  second.member.receive(wish('s2'))
  await macrotask()
  expect(room.open()).toEqual(['second s2'])
  room.streams[0]?.events.onAnswer(answerOf('s2'))
  // The page of the first sees that it is another one, and asks the hub.
  expect(first.told).toContainEqual({ type: 'answer', answer: answerOf('s2') })
  await vi.advanceTimersByTimeAsync(STREAM_SILENCE_MS - 1)
  expect(room.open()).toEqual(['second s2'])
})

it('a leader whose page is frozen is replaced as soon as another page is looked at', async () => {
  const room = createRoom()
  const [first, second] = [room.join('first'), room.join('second')]
  first.member.receive(wish('s1'))
  second.member.receive(wish('s1'))
  await macrotask()
  first.freeze()
  second.member.receive({ type: 'wake', revision: 2 })
  await vi.advanceTimersByTimeAsync(2000)
  await macrotask()
  expect(room.open()).toContain('second s1')
  // What was frozen learns, when it goes on, that its lock is gone.
  expect(room.open()).not.toContain('first s1')
})

it('a leader that lives keeps the lead while heartbeats come; one that falls silent loses it', async () => {
  const room = createRoom()
  const [first, second] = [room.join('first'), room.join('second')]
  first.member.receive(wish('s1'))
  second.member.receive(wish('s1'))
  await macrotask()
  for (let beat = 0; beat < 10; beat++) {
    await vi.advanceTimersByTimeAsync(STREAM_SILENCE_MS - 1)
    room.streams[0]?.events.onAlive()
  }
  expect(room.open()).toEqual(['first s1'])
  first.freeze()
  await vi.advanceTimersByTimeAsync(STREAM_SILENCE_MS)
  await macrotask()
  expect(room.open()).toEqual(['second s1'])
})

it('when the session is over the stream rests, and a page that signs in anew has one again', async () => {
  const room = createRoom()
  const [first, second] = [room.join('first'), room.join('second')]
  first.member.receive(wish('s1'))
  second.member.receive(wish('s1'))
  await macrotask()
  const over: SiteAnswer = {
    site: 'shop',
    carrier: 'key',
    state: { status: 'signed-out', reason: 'logout', revision: 2 },
  }
  room.streams[0]?.events.onAnswer(over)
  expect(second.told).toContainEqual({ type: 'answer', answer: over })
  expect(room.open()).toEqual([])
  second.member.receive(wish('s2'))
  await macrotask()
  expect(room.open()).toEqual(['second s2'])
})
