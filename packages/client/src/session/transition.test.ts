import type { Carrier, SiteAnswer, SiteState } from '@isthmus/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrived, begun, type Happening, type Shown, step, TICKET } from './driver.test-kit.ts'
import type { State, Via } from './state.ts'

function signedIn(revision: number, sub = 'first'): SiteState {
  const times = { expiresAt: 9_000_000, idleExpiresAt: 1_000_000 + revision }
  return { status: 'signed-in', sid: `s-${sub}`, ...times, revision, access: 'granted', user: { sub } }
}

function signedOut(revision: number, reason: 'none' | 'logout' | 'idle' = 'none'): SiteState {
  return { status: 'signed-out', reason, revision }
}

function unlinked(revision: number): SiteState {
  return { status: 'unlinked', revision }
}

function told(via: Via, state: SiteState, asOf?: number, carrier: Carrier = 'cookie'): Happening {
  const answer: SiteAnswer = { site: 'shop', carrier, state }
  return { type: 'said', via, answer, ...(asOf !== undefined && { asOf }) }
}

function redeemed(state: SiteState | undefined, asOf: number, carrier: Carrier = 'partitioned'): Happening {
  return { type: 'redeemed', answer: state && { site: 'shop', carrier, state }, asOf }
}

/** Lets events happen one after the other; gives the last state, and the effects of the last event. */
function after(events: readonly Happening[], start = begun()): { state: State; effects: readonly Shown[] } {
  let state = start
  let effects: readonly Shown[] = []
  for (const event of events) [state, ...effects] = step(state, event)
  return { state, effects }
}

const types = (effects: readonly Shown[]): string[] => effects.map((effect) => effect.type)

describe('the first answer', () => {
  test('until it is there the session is unknown, for no other reason than that', () => {
    expect(arrived().snapshot).toEqual({ status: 'unknown', reason: 'loading', stale: false })
  })

  test('opens the port, is announced, told to the other tabs, and settles the bounce', () => {
    const { state, effects } = after([told('frame', signedIn(5), 0)])
    expect(state).toMatchObject({ port: 'open', carrier: 'cookie', site: 'shop', taken: 1, failures: 0 })
    expect(state.snapshot).toEqual({ ...signedIn(5), stale: false })
    expect(effects).toEqual([
      { type: 'announce' },
      { type: 'relay', answer: { site: 'shop', carrier: 'cookie', state: signedIn(5) } },
      { type: 'linked' },
    ])
  })

  test('signed out without a carrier settles no bounce', () => {
    const { effects } = after([told('frame', signedOut(5), 0, 'none')])
    expect(types(effects)).toEqual(['announce', 'relay'])
  })

  test('unlinked leads to a bounce, and says so as unknown', () => {
    const { state, effects } = after([told('frame', unlinked(5), 0, 'none')])
    expect(state.snapshot).toEqual({ status: 'unknown', reason: 'partitioned', stale: false })
    expect(effects).toEqual([{ type: 'announce' }, { type: 'link', forced: false }])
  })
})

describe('revisions and what was known when the question was asked', () => {
  const known = after([told('frame', signedIn(5), 0)]).state

  test('news with a higher revision is taken in', () => {
    const { state } = after([told('push', signedOut(6, 'logout'))], known)
    expect(state.snapshot).toEqual({ ...signedOut(6, 'logout'), stale: false })
  })

  test('news with a lower revision is dropped', () => {
    const { state, effects } = after([told('push', signedOut(4, 'logout'))], known)
    expect(state).toEqual(known)
    expect(effects).toEqual([])
  })

  test('an answer to a question asked after the last news wins, even with a lower revision', () => {
    const { state } = after([told('answer', signedOut(4), known.taken)], known)
    expect(state.snapshot).toEqual({ ...signedOut(4), stale: false })
  })

  test('an answer to a question asked before the last news does not', () => {
    const { state } = after([told('push', signedIn(6, 'second')), told('answer', signedIn(5), known.taken)], known)
    expect(state.snapshot).toMatchObject({ status: 'signed-in', user: { sub: 'second' } })
  })

  test('a frame that was opened before the last news is no newer than its revision', () => {
    const { state } = after([told('tab', signedOut(6, 'logout')), told('frame', signedIn(5), known.taken)], known)
    expect(state.snapshot.status).toBe('signed-out')
    expect(state.port).toBe('open')
  })

  test('the same state under a new revision is no change: the same snapshot, nothing announced', () => {
    const before = after([told('frame', signedOut(5), 0, 'none')]).state
    const { state, effects } = after([told('answer', signedOut(9), before.taken, 'none')], before)
    expect(state.snapshot).toBe(before.snapshot)
    expect(effects).toEqual([])
    expect(after([told('push', signedIn(8))], state).state.snapshot.status).toBe('signed-out')
  })

  test('a later idle end is a change', () => {
    const { effects } = after([told('push', signedIn(7))], known)
    expect(types(effects)).toContain('announce')
  })
})

describe('unknown', () => {
  const known = after([told('frame', signedIn(5), 0)]).state
  const last = { ...signedIn(5), stale: true }

  test.each<[string, Happening, string]>([
    ['the frame fails', { type: 'frame-failed', cause: 'timeout' }, 'timeout'],
    ['a question fails', { type: 'question-failed', cause: 'unreachable' }, 'unreachable'],
    ['the stream is down', { type: 'stream', status: 'down' }, 'unreachable'],
    ['the page comes back from the cache', { type: 'restored' }, 'loading'],
    ['the carrier is lost', told('answer', unlinked(6), 1), 'partitioned'],
  ])('keeps what was known when %s', (_, event, reason) => {
    const { state, effects } = after([event], known)
    expect(state.snapshot).toEqual({ status: 'unknown', reason, last, stale: true })
    expect(state.known).toBe(known.known)
    expect(effects).toContainEqual({ type: 'announce' })
  })

  test('a frame that somebody takes away at once is blocked, each time for longer, whatever it said in between', () => {
    const removed: Happening = { type: 'frame-removed', soon: true }
    const pauses: number[] = []
    let { state } = after([], known)
    for (let round = 1; round <= 4; round++) {
      const step = after([removed], state)
      expect(step.state.snapshot).toMatchObject({ status: 'unknown', reason: 'blocked', stale: true })
      expect(step.state.cause).toBe('frame-removed')
      for (const effect of step.effects) if (effect.type === 'retry-after') pauses.push(effect.failures)
      state = after([{ type: 'retry-due' }, told('frame', signedIn(5 + round), 9)], step.state).state
      expect(state.snapshot.status).toBe('signed-in')
    }
    expect(pauses).toEqual([1, 2, 3, 4])
  })

  test('a frame that goes later, with the content of its page, comes back without a word', () => {
    const { state, effects } = after([{ type: 'frame-removed', soon: false }], known)
    expect(state.snapshot).toBe(known.snapshot)
    expect(state).toMatchObject({ port: 'opening', stream: 'idle' })
    expect(effects).toEqual([{ type: 'open-frame', failures: 0 }])
  })

  test('a frame that goes with the content of its page is nothing to blame anybody for, at any pace', () => {
    const swapped: Happening = { type: 'frame-removed', soon: true, swapped: true }
    const { state, effects } = after([swapped, told('frame', signedIn(6), 9), swapped], known)
    expect(state.snapshot.status).toBe('signed-in')
    expect(state.failures).toBe(0)
    expect(effects).toContainEqual({ type: 'open-frame', failures: 0 })
  })

  test('without anything known there is nothing stale', () => {
    const { state } = after([{ type: 'frame-failed', cause: 'policy-forbids' }])
    expect(state.snapshot).toEqual({ status: 'unknown', reason: 'blocked', stale: false })
  })

  test('the same doubt twice is announced once', () => {
    const failure: Happening = { type: 'question-failed', cause: 'unreachable' }
    const { effects } = after([failure, failure], known)
    expect(types(effects)).toEqual(['retry-after'])
  })

  test('ends with the next answer, which is announced even if it says what was known', () => {
    const doubting = after([{ type: 'stream', status: 'down' }], known).state
    const { state, effects } = after([told('push', signedIn(5))], doubting)
    expect(state.snapshot).toEqual(known.snapshot)
    expect(types(effects)).toContain('announce')
  })

  test('a stream that is down says nothing where no session is followed', () => {
    const out = after([told('push', signedOut(6, 'logout'))], known).state
    const { state, effects } = after([{ type: 'stream', status: 'down' }], out)
    expect(state.snapshot).toBe(out.snapshot)
    expect(state.stream).toBe('down')
    expect(effects).toEqual([])
  })

  test.each(['idle', 'connecting', 'open'] as const)('a stream that is %s changes no snapshot', (status) => {
    const { state, effects } = after([{ type: 'stream', status }], known)
    expect(state).toEqual({ ...known, stream: status })
    expect(effects).toEqual([])
  })
})

describe('a page that came with a ticket', () => {
  const start = begun({ ticket: TICKET })
  const old = told('frame', signedIn(5, 'old'), 0, 'partitioned')
  const known = after([told('frame', signedIn(5), 0)]).state

  test('shows nothing of the old carrier, and redeems', () => {
    const { state, effects } = after([old], start)
    expect(state.snapshot).toEqual(start.snapshot)
    expect(state).toMatchObject({ port: 'open', ticket: TICKET, carrier: 'partitioned' })
    expect(types(effects)).toEqual(['redeem'])
  })

  test('an unlinked frame does not bounce again: the ticket is the cure', () => {
    const { state, effects } = after([told('frame', unlinked(9), 0, 'none')], start)
    expect(types(effects)).toEqual(['redeem'])
    expect(after([told('push', unlinked(10))], state).effects).toEqual([])
  })

  test('redeems where the cookie carries the session too: workers may live without that cookie', () => {
    const { state, effects } = after([told('frame', signedIn(5), 0, 'cookie')], start)
    expect(state.snapshot).toEqual(start.snapshot)
    expect(types(effects)).toEqual(['redeem'])
  })

  test('redeems where the cookie is that of a browser that has moved on', () => {
    const { effects } = after([told('frame', unlinked(5), 0, 'cookie')], start)
    expect(types(effects)).toEqual(['redeem'])
  })

  test('shows nothing that others are told until then, and redeems all the same', () => {
    for (const via of ['tab', 'push', 'answer'] as const) {
      const { state, effects } = after([told(via, signedIn(7, 'old')), old], start)
      expect(state).toMatchObject({ port: 'open', ticket: TICKET, snapshot: start.snapshot })
      expect(types(effects)).toEqual(['redeem'])
    }
  })

  test('takes what the redeemed ticket gives', () => {
    const { state, effects } = after([old, redeemed(signedIn(7), 0)], start)
    expect(state).toMatchObject({ ticket: undefined, carrier: 'partitioned' })
    expect(state.snapshot).toMatchObject({ status: 'signed-in', user: { sub: 'first' } })
    expect(types(effects)).toEqual(['announce', 'relay', 'linked'])
  })

  test('bounces no more than the guard allows if the new carrier does not stick', () => {
    const { state, effects } = after([old, redeemed(unlinked(7), 0, 'none')], start)
    expect(state.snapshot).toMatchObject({ status: 'unknown', reason: 'partitioned' })
    expect(types(effects)).toEqual(['announce', 'link'])
  })

  test('asks what is true after a ticket that was refused', () => {
    const { state, effects } = after([old, redeemed(undefined, 0)], start)
    expect(state.ticket).toBeUndefined()
    expect(types(effects)).toEqual(['ask'])
  })

  test('asks again if the ticket was overtaken by other news', () => {
    const { state, effects } = after([redeemed(signedIn(4, 'second'), known.taken - 1)], { ...known, ticket: TICKET })
    expect(state.snapshot).toEqual(known.snapshot)
    expect(types(effects)).toEqual(['ask'])
  })

  test('takes what was redeemed after the last news, even under a lower revision', () => {
    const { state, effects } = after([redeemed(signedIn(4, 'second'), known.taken)], { ...known, ticket: TICKET })
    expect(state.snapshot).toMatchObject({ user: { sub: 'second' } })
    expect(types(effects)).toEqual(['announce', 'relay', 'linked'])
  })

  test('redeems if the cookie carries less than is known already', () => {
    const late = told('frame', signedIn(4), known.taken - 1, 'cookie')
    const { state, effects } = after([late], { ...known, ticket: TICKET })
    expect(state.ticket).toEqual(TICKET)
    expect(types(effects)).toEqual(['redeem'])
  })

  test('brings along nothing else: the ticket comes first', () => {
    const { state, effects } = after([old, redeemed(signedIn(7), 0)], begun({ ticket: TICKET, wanted: 's-second' }))
    expect(state.snapshot).toMatchObject({ user: { sub: 'first' } })
    expect(types(effects)).not.toContain('link')
    expect(after([told('push', signedOut(8, 'logout'))], state).state.snapshot.status).toBe('signed-out')
  })

  test('redeems once more if the frame was lost on the way', () => {
    const lost: Happening = { type: 'frame-failed', cause: 'timeout' }
    const { effects } = after([lost, { type: 'retry-due' }, old], start)
    expect(types(effects)).toEqual(['redeem'])
  })
})

describe('a page that was reached with a session brought along', () => {
  const start = begun({ wanted: 's-first' })

  test('shows it if it is here', () => {
    const { state, effects } = after([told('frame', signedIn(5, 'first'), 0, 'partitioned')], start)
    expect(state.snapshot.status).toBe('signed-in')
    expect(state.wanted).toBeUndefined()
    expect(types(effects)).not.toContain('link')
  })

  test('shows nobody else, and fetches it', () => {
    const { state, effects } = after([told('frame', signedIn(9, 'second'), 0, 'partitioned')], start)
    expect(state.snapshot).toEqual(start.snapshot)
    expect(state).toMatchObject({ port: 'open', carrier: 'partitioned' })
    expect(effects).toEqual([{ type: 'link', forced: true }])
  })

  test.each<[string, SiteState]>([
    ['nobody', signedOut(9)],
    ['somebody else', signedIn(9, 'second')],
  ])('believes the cookie where it says %s: there is only one session then', (_, state) => {
    const next = after([told('frame', state, 0, 'cookie')], start)
    expect(next.state.snapshot).toEqual({ ...state, stale: false })
    expect(types(next.effects)).not.toContain('link')
  })

  test('fetches it once: what the hub says afterwards is taken', () => {
    const first = after([told('frame', unlinked(5), 0, 'none')], start)
    expect(first.effects).toEqual([{ type: 'link', forced: true }])
    const { state } = after([told('answer', signedIn(6, 'second'), 0, 'partitioned')], first.state)
    expect(state.snapshot).toMatchObject({ user: { sub: 'second' } })
  })

  test('drops a greeting that is older than what is known', () => {
    const told9 = told('tab', signedIn(9, 'second'))
    const { state } = after([told9, told('frame', signedIn(5), 0, 'cookie')], start)
    expect(state.snapshot).toMatchObject({ user: { sub: 'second' } })
  })
})

describe('failures and attempts', () => {
  const failed: Happening = { type: 'frame-failed', cause: 'unreachable' }

  test('each failure in a row makes the next pause longer; an answer begins anew', () => {
    const again: Happening[] = [failed, { type: 'retry-due' }]
    expect(after([failed]).effects).toContainEqual({ type: 'retry-after', failures: 1 })
    expect(after([...again, ...again, failed]).effects).toContainEqual({ type: 'retry-after', failures: 3 })
    const { state } = after([...again, told('frame', signedIn(1), 0)])
    expect(state.failures).toBe(0)
    expect(after([failed], state).effects).toContainEqual({ type: 'retry-after', failures: 1 })
  })

  test('a lost frame is opened again when the pause is over, or when somebody looks', () => {
    for (const type of ['retry-due', 'looked-at'] as const) {
      const { state, effects } = after([failed, { type }])
      expect(state.port).toBe('opening')
      expect(types(effects)).toEqual(['open-frame'])
    }
  })

  test('a frame on its way is not opened twice', () => {
    for (const type of ['retry-due', 'looked-at'] as const) expect(after([{ type }]).effects).toEqual([])
    // Later attempts are patient, and somebody who comes back is not.
    const again = after([{ type: 'frame-failed', cause: 'timeout' }, { type: 'retry-due' }]).state
    expect(after([{ type: 'retry-due' }], again).effects).toEqual([])
    expect(after([{ type: 'looked-at' }], again).effects).toEqual([{ type: 'open-frame', failures: 1 }])
  })

  test('a question that failed is asked again over the port that is there', () => {
    const question: Happening = { type: 'question-failed', cause: 'unreachable' }
    const { state } = after([told('frame', signedIn(5), 0), question])
    expect(state.port).toBe('open')
    expect(types(after([{ type: 'retry-due' }], state).effects)).toEqual(['ask'])
  })

  test('a pause that is over after everything went well again asks nothing', () => {
    expect(after([told('frame', signedIn(5), 0), { type: 'retry-due' }]).effects).toEqual([])
  })

  test('a frame that was lost is no longer believed to have a stream', () => {
    const { state } = after([told('frame', signedIn(5), 0), { type: 'stream', status: 'open' }, failed])
    expect(state).toMatchObject({ stream: 'idle', port: 'closed' })
  })
})

describe('the page is looked at, or restored', () => {
  const known = after([told('frame', signedIn(5), 0)]).state
  const out = after([told('frame', signedOut(5), 0)]).state

  test('looking asks', () => {
    expect(types(after([{ type: 'looked-at' }], known).effects)).toEqual(['ask'])
  })

  test('a page restored from the back-forward cache shows nobody as signed in until it was told', () => {
    const { state, effects } = after([{ type: 'restored' }], known)
    expect(state.snapshot).toMatchObject({ status: 'unknown', reason: 'loading' })
    expect(types(effects)).toEqual(['announce', 'ask'])
  })

  test('a page restored in doubt about a session waits for news, not for what failed before', () => {
    const { state } = after([{ type: 'stream', status: 'down' }, { type: 'restored' }], known)
    expect(state.snapshot).toMatchObject({ status: 'unknown', reason: 'loading', last: { status: 'signed-in' } })
  })

  test('a page restored signed out stays so, and asks', () => {
    const { state, effects } = after([{ type: 'restored' }], out)
    expect(state.snapshot).toBe(out.snapshot)
    expect(types(effects)).toEqual(['ask'])
  })

  test('a page restored without a port opens its frame anew: a greeting from before would be no news', () => {
    const { state, effects } = after([{ type: 'restored' }])
    expect(state.port).toBe('opening')
    expect(types(effects)).toEqual(['open-frame'])
  })

  test.each([
    ['a push', told('push', signedIn(6))],
    ['another tab', told('tab', signedIn(6))],
    ['a redeemed ticket', redeemed(signedIn(6), 1)],
  ])('%s that waited while the page was away signs nobody in: the answer to its question does', (_, waited) => {
    const { state } = after([{ type: 'restored' }, waited], known)
    expect(state.snapshot).toMatchObject({ status: 'unknown', reason: 'loading' })
    expect(after([told('answer', signedIn(5), state.taken)], state).state.snapshot.status).toBe('signed-in')
    expect(after([told('answer', signedOut(7), state.taken)], state).state.snapshot.status).toBe('signed-out')
  })

  test('once it was answered, or could not be, a push counts again', () => {
    for (const end of [
      told('answer', signedIn(5), 1),
      told('frame', signedIn(5), 1),
      { type: 'question-failed', cause: 'unreachable' } as const,
    ]) {
      const { state } = after([{ type: 'restored' }, end, told('push', signedIn(6))], known)
      expect(state.snapshot).toMatchObject({ status: 'signed-in', revision: 6 })
    }
  })
})

describe('other tabs', () => {
  const known = after([told('frame', signedIn(5), 0, 'partitioned')]).state

  test('what they were told is shown at once, not told on, and asked after: the frame follows with its own carrier', () => {
    const { state, effects } = after([told('tab', signedOut(6, 'logout'), undefined, 'cookie')], known)
    expect(state.snapshot.status).toBe('signed-out')
    expect(state.carrier).toBe('partitioned')
    expect(types(effects)).toEqual(['announce', 'linked', 'ask'])
  })

  test('what is known already is not asked after', () => {
    expect(types(after([told('tab', signedIn(5))], known).effects)).toEqual(['linked'])
  })

  test('a later idle end is shown, and not asked after: every stream brings it', () => {
    const touched = { ...signedIn(6), idleExpiresAt: 2_000_000 } as SiteState
    const { state, effects } = after([told('tab', touched)], known)
    expect(state.snapshot).toMatchObject({ idleExpiresAt: 2_000_000 })
    expect(types(effects)).toEqual(['announce', 'linked'])
    expect(after([told('push', touched)], state).effects).not.toContainEqual(
      expect.objectContaining({ type: 'announce' }),
    )
  })

  test('a tab without a port asks when it has one', () => {
    const { state, effects } = after([told('tab', signedIn(6))])
    expect(state.snapshot.status).toBe('signed-in')
    expect(types(effects)).toEqual(['announce'])
  })

  test.each([
    ['signed out, under a new revision in every answer', (now: number) => ({ ...signedOut(now) })],
    ['signed in', () => signedIn(5)],
  ])('tabs of a hub that says "%s" come to rest', (_, say) => {
    let now = 100
    const tabs = [0, 1, 2].map(() => after([told('frame', say(now++), 0)]).state)
    const queue: { tab: number; event: Happening }[] = [{ tab: 0, event: { type: 'looked-at' } }]
    let steps = 0
    for (let next = queue.shift(); next && steps < 1000; next = queue.shift(), steps++) {
      const [state, ...effects] = step(tabs[next.tab] as State, next.event)
      tabs[next.tab] = state
      for (const effect of effects) {
        if (effect.type === 'ask') queue.push({ tab: next.tab, event: told('answer', say(now++), state.taken) })
        if (effect.type === 'relay')
          for (const tab of [0, 1, 2])
            if (tab !== next.tab) queue.push({ tab, event: { type: 'said', via: 'tab', answer: effect.answer } })
      }
    }
    expect(steps).toBeLessThan(10)
  })
})

describe('whatever happens', () => {
  const state = fc.oneof(
    fc.tuple(fc.nat(6), fc.constantFrom('first', 'second')).map(([revision, sub]) => signedIn(revision, sub)),
    fc.tuple(fc.nat(6), fc.constantFrom('none', 'logout')).map(([revision, reason]) => signedOut(revision, reason)),
    fc.nat(6).map(unlinked),
  )
  const answer = fc.record<SiteAnswer>({
    site: fc.constant('shop'),
    carrier: fc.constantFrom('none', 'cookie', 'partitioned', 'key'),
    state,
  })
  const event = fc.oneof<fc.Arbitrary<Happening>[]>(
    fc.record(
      {
        type: fc.constant('said' as const),
        via: fc.constantFrom<Via[]>('frame', 'answer', 'push', 'tab'),
        answer,
        asOf: fc.nat(8),
      },
      { requiredKeys: ['type', 'via', 'answer'] },
    ),
    fc.record({
      type: fc.constant('redeemed' as const),
      answer: fc.option(answer, { nil: undefined }),
      asOf: fc.nat(8),
    }),
    fc.record({
      type: fc.constant('stream' as const),
      status: fc.constantFrom('idle' as const, 'connecting' as const, 'open' as const, 'down' as const),
    }),
    fc.record({
      type: fc.constantFrom('frame-failed' as const, 'question-failed' as const),
      cause: fc.constantFrom('timeout' as const, 'unreachable' as const, 'policy-forbids' as const),
    }),
    fc.record({ type: fc.constant('frame-removed' as const), soon: fc.boolean(), swapped: fc.boolean() }),
    fc.record({
      type: fc.constantFrom('retry-due' as const, 'looked-at' as const, 'restored' as const, 'bounce' as const),
    }),
  )
  const start = fc
    .tuple(fc.boolean(), fc.option(fc.constantFrom('s-first', 's-second'), { nil: undefined }))
    .map(([redeeming, wanted]) => begun({ ticket: redeeming ? TICKET : undefined, wanted }))

  /** Runs the events, and calls back after each with what was, what happened, and what is. */
  function always(check: (before: State, event: Happening, now: State, effects: readonly Shown[]) => void): void {
    fc.assert(
      fc.property(start, fc.array(event, { maxLength: 30 }), (first, events) => {
        let before = first
        for (const next of events) {
          const [now, ...effects] = step(deepFreeze(before), deepFreeze(next))
          check(before, next, now, effects)
          before = now
        }
      }),
      { numRuns: 2000 },
    )
  }

  /** The answer that this step took in, if it took one. */
  function accepted(before: State, event: Happening, now: State): SiteAnswer | undefined {
    return now.taken > before.taken && 'answer' in event ? event.answer : undefined
  }

  test('signed-in and signed-out are said only if the last answer taken in said so', () => {
    always((before, event, now) => {
      if (now.snapshot.status === 'unknown') return
      const { state: said } = accepted(before, event, now) ?? { state: before.known }
      expect({ ...now.snapshot, revision: 0 }).toEqual({ ...said, stale: false, revision: 0 })
      if (now.taken === before.taken) expect(now.snapshot).toBe(before.snapshot)
    })
  })

  test('what is known is never lost, and is what the hub said last', () => {
    always((before, event, now) => {
      const said = accepted(before, event, now)?.state
      if (said && said.status !== 'unlinked') expect(now.known).toEqual({ ...said, stale: false })
      else expect(now.known).toBe(before.known)
      if (now.snapshot.status === 'unknown') {
        expect(now.snapshot.last).toEqual(now.known && { ...now.known, stale: true })
        expect(now.snapshot.stale).toBe(now.known !== undefined)
      } else {
        expect(now.snapshot.stale).toBe(false)
      }
    })
  })

  test('nothing is taken in that is older than what is known, unless the question was newer', () => {
    always((before, event, now) => {
      const said = accepted(before, event, now)
      const asOf = 'asOf' in event ? event.asOf : undefined
      if (said && before.known && asOf !== before.taken)
        expect(said.state.revision).toBeGreaterThanOrEqual(before.known.revision)
    })
  })

  test('every change is announced once, and nothing else is', () => {
    always((before, _, now, effects) => {
      const announced = effects.filter((effect) => effect.type === 'announce').length
      expect(announced).toBe(now.snapshot === before.snapshot ? 0 : 1)
      if (announced) expect({ ...now.snapshot, revision: 0 }).not.toEqual({ ...before.snapshot, revision: 0 })
    })
  })

  test('a tab tells the others what the hub told it, and never what it heard from them', () => {
    always((before, event, now, effects) => {
      for (const effect of effects) {
        if (effect.type !== 'relay') continue
        expect(effect.answer).toEqual(accepted(before, event, now))
        expect(event).not.toMatchObject({ via: 'tab' })
      }
    })
  })

  test('no effect comes twice, and a bounce only where a carrier is missing', () => {
    always((before, event, now, effects) => {
      expect(new Set(types(effects)).size).toBe(effects.length)
      for (const effect of effects) {
        if (effect.type === 'redeem') expect(now.ticket).toBeDefined()
        if (effect.type !== 'link') continue
        expect(effects.map(({ type }) => type)).not.toContain('redeem')
        if (effect.forced) expect(before.wanted !== undefined || event.type === 'bounce').toBe(true)
        else expect(accepted(before, event, now)?.state.status).toBe('unlinked')
      }
    })
  })

  test('failures are counted one by one, and forgotten with an answer', () => {
    always((before, event, now, effects) => {
      const removed = event.type === 'frame-removed' && event.soon && !event.swapped && before.port !== 'closed'
      const unanswered = event.type === 'question-failed' && (event.cause === 'timeout' || before.port === 'open')
      const failed = event.type === 'frame-failed' || unanswered || removed
      const counted = removed ? Math.max(before.failures, before.removals) : before.failures
      expect(now.failures).toBe(failed ? counted + 1 : now.taken > before.taken ? 0 : before.failures)
      const retries = effects.filter((effect) => effect.type === 'retry-after')
      expect(retries).toEqual(failed ? [{ type: 'retry-after', failures: now.failures }] : [])
    })
  })

  test('a ticket in hand is redeemed, or not needed, whenever a frame opens', () => {
    always((before, event, now, effects) => {
      if (!before.ticket || event.type !== 'said' || event.via !== 'frame') return
      expect(types(effects).includes('redeem')).toBe(now.ticket !== undefined)
    })
  })
})

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    Object.values(value).forEach(deepFreeze)
  }
  return value
}
