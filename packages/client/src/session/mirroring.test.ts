import type { SiteAnswer, SiteState } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { begun, type Happening, type Shown, step } from './driver.test-kit.ts'
import type { Habits, Known, State } from './state.ts'

const MIRRORS: Partial<Habits> = { mirrors: true, polls: false }
const POLLS: Partial<Habits> = { mirrors: false, polls: true }

type Granted = Extract<SiteState, { access: 'granted' }>

const granted = (changes: Partial<Granted> = {}): Granted => ({
  status: 'signed-in',
  sid: 's1',
  expiresAt: 9000,
  idleExpiresAt: 8000,
  revision: 10,
  access: 'granted',
  user: { sub: 'customer', name: 'Customer' },
  token: 'h.one.x',
  ...changes,
})
const signedOut: SiteState = { status: 'signed-out', reason: 'logout', revision: 20 }
const answer = (state: SiteState, changes: Partial<SiteAnswer> = {}): SiteAnswer => ({
  site: 'shop',
  carrier: 'cookie',
  state,
  ...changes,
})
const mirrored: Known = { ...granted({ revision: 0, expiresAt: 5000, idleExpiresAt: 5000 }), stale: true }

/** The state after these events, and what the last of them had to be done for. */
function run(state: State, ...events: Happening[]): { state: State; effects: Shown[]; done: string[] } {
  let effects: Shown[] = []
  for (const event of events) [state, ...effects] = step(state, event)
  return { state, effects, done: effects.map(({ type }) => type) }
}

const welcome = (state: SiteState, changes?: Partial<SiteAnswer>): Happening => ({
  type: 'said',
  via: 'frame',
  answer: answer(state, changes),
  asOf: 0,
})
const push = (state: SiteState): Happening => ({ type: 'said', via: 'push', answer: answer(state) })
const open = (habits = MIRRORS, ...first: [SiteState?]): State =>
  run(begun({ habits }), welcome(first[0] ?? granted())).state

describe('a client whose mirror knew something', () => {
  it('begins with it, as stale, and gives way to whatever the hub says', () => {
    const first = begun({ habits: MIRRORS, mirrored })
    expect(first.snapshot).toBe(mirrored)
    const fresh = run(first, welcome(granted()))
    expect(fresh.state.snapshot).toEqual({ ...granted(), stale: false })
    expect(fresh.done).toContain('announce')
    const out = run(first, welcome({ ...signedOut, revision: 1 }))
    expect(out.state.snapshot).toEqual({ ...signedOut, revision: 1, stale: false })
    const other = run(first, welcome(granted({ sid: 's2', user: { sub: 'clerk' }, token: 'h.two.x' })))
    expect(other.state.snapshot).toMatchObject({ sid: 's2', user: { sub: 'clerk' }, token: 'h.two.x' })
  })

  it('believes a tab or a push before its own frame has opened', () => {
    const first = begun({ habits: MIRRORS, mirrored })
    for (const via of ['tab', 'push'] as const) {
      const { state } = run(first, { type: 'said', via, answer: answer({ ...signedOut, revision: 1 }) })
      expect(state.snapshot).toMatchObject({ status: 'signed-out', stale: false })
    }
  })

  it('keeps it as the last thing known where the hub cannot be reached', () => {
    const { state } = run(begun({ habits: MIRRORS, mirrored }), { type: 'frame-failed', cause: 'unreachable' })
    expect(state.snapshot).toEqual({ status: 'unknown', reason: 'unreachable', last: mirrored, stale: true })
  })
})

describe('the mirror', () => {
  it('keeps the token of every answer, for the domain that the hub names', () => {
    const { effects } = run(begun({ habits: MIRRORS }), welcome(granted(), { cookieDomain: 'shop.example' }))
    expect(effects).toContainEqual({ type: 'mirror', token: 'h.one.x', cookieDomain: 'shop.example' })
  })

  it('stays with that domain where a neighbour’s stream or another tab says nothing of it', () => {
    const { state } = run(begun({ habits: MIRRORS }), welcome(granted(), { cookieDomain: 'shop.example' }))
    for (const via of ['push', 'tab'] as const) {
      const told = answer(granted({ revision: 11 }), { cookieDomain: 'other.example' })
      const { effects } = run(state, { type: 'said', via, answer: told })
      expect(effects).toContainEqual({ type: 'mirror', token: 'h.one.x', cookieDomain: 'shop.example' })
    }
    const { effects } = run(state, { type: 'said', via: 'answer', answer: answer(granted()), asOf: state.taken })
    expect(effects).toContainEqual({ type: 'mirror', token: 'h.one.x', cookieDomain: undefined })
  })

  const { token: _, ...denied } = { ...granted({ revision: 20, user: { sub: 'customer' } }), access: 'denied' as const }
  it.each([
    ['the user signs out', signedOut],
    ['the session is idle', { ...signedOut, reason: 'idle' }],
    ['it is revoked', { ...signedOut, reason: 'revoked' }],
    ['the site’s groups admit the user no more', denied],
    ['the browser has moved on', { status: 'unlinked', revision: 20 }],
  ] as [string, SiteState][])('is cleared when %s, however that is heard', (_, state) => {
    for (const via of ['frame', 'answer', 'push', 'tab'] as const) {
      const { effects, done } = run(open(), { type: 'said', via, answer: answer(state) })
      expect(effects).toContainEqual({ type: 'mirror', token: undefined, cookieDomain: undefined })
      // Cleared before anybody is told: who asks the back end then finds nobody there.
      expect(done.indexOf('mirror')).toBeLessThan(done.indexOf('announce'))
    }
  })

  it('is left alone while nothing definite is known', () => {
    for (const event of [
      { type: 'frame-failed', cause: 'timeout' },
      { type: 'question-failed', cause: 'unreachable' },
      { type: 'stream', status: 'down' },
      { type: 'restored' },
    ] as Happening[]) {
      expect(run(open(), event).done).not.toContain('mirror')
    }
  })

  it('is nobody’s business without the option', () => {
    const habits: Partial<Habits> = { mirrors: false, polls: false }
    const first = run(begun({ habits }), welcome(granted()))
    const last = run(first.state, push(signedOut))
    expect([...first.done, ...last.done]).not.toContain('mirror')
    expect([...first.done, ...last.done]).not.toContain('renew-later')
  })
})

describe('a token', () => {
  it('stays when a tab tells the same session without one, and the page asks for its own', () => {
    const { token: _, ...rest } = granted({ revision: 11, expiresAt: 8500 })
    const { state, done } = run(open(), { type: 'said', via: 'tab', answer: answer(rest) })
    expect(state.snapshot).toMatchObject({ revision: 11, expiresAt: 8500, token: 'h.one.x' })
    expect(done).toContain('ask')
  })

  it('does not stay with another session', () => {
    const { token: _, ...rest } = granted({ revision: 11, sid: 's2', user: { sub: 'clerk' } })
    const { state, done } = run(open(), { type: 'said', via: 'tab', answer: answer(rest) })
    expect(state.snapshot).not.toHaveProperty('token')
    expect(done).not.toContain('mirror')
    expect(done).toContain('ask')
  })

  it('that is new is announced, but is no news to other tabs', () => {
    const { state, effects } = run(open(), push(granted({ token: 'h.two.x' })))
    expect(state.snapshot).toHaveProperty('token', 'h.two.x')
    expect(effects).toContainEqual({ type: 'announce' })
    expect(effects).toContainEqual({ type: 'mirror', token: 'h.two.x', cookieDomain: undefined })
    expect(effects.map(({ type }) => type)).not.toContain('relay')
  })

  it('with the same claims from another hub server changes nothing', () => {
    const before = open()
    const { state, done } = run(before, push(granted({ token: 'h.one.signed-elsewhere' })))
    expect(state.snapshot).toEqual(before.snapshot)
    expect(done).not.toContain('announce')
  })

  it('never goes round in circles between two tabs', () => {
    // Each is answered by another server, with another token.
    const tabs = [open(), open(MIRRORS, granted({ token: 'h.two.x' }))]
    let asks = 0
    let waiting: { to: number; event: Happening }[] = [
      { to: 0, event: push(granted({ revision: 11, expiresAt: 77_000, token: 'h.three.x' })) },
    ]
    while (waiting.length > 0 && asks < 20) {
      const next: typeof waiting = []
      for (const { to, event } of waiting) {
        const { state, effects } = run(tabs[to] as State, event)
        tabs[to] = state
        for (const effect of effects) {
          if (effect.type === 'relay')
            next.push({ to: 1 - to, event: { type: 'said', via: 'tab', answer: effect.answer } })
          if (effect.type !== 'ask') continue
          const token = to === 0 ? 'h.three.x' : 'h.four.x'
          const own = answer(granted({ revision: 11, expiresAt: 77_000, token }))
          next.push({ to, event: { type: 'said', via: 'answer', answer: own, asOf: state.taken } })
          asks++
        }
      }
      waiting = next
    }
    expect(asks).toBe(1)
  })
})

describe('renewal', () => {
  it('is planned with every answer that somebody is signed in by', () => {
    for (const habits of [MIRRORS, POLLS]) {
      expect(run(begun({ habits }), welcome(granted())).done).toContain('renew-later')
      expect(run(open(habits), push(granted())).done).toContain('renew-later')
      expect(run(open(habits), push(signedOut)).done).not.toContain('renew-later')
    }
  })

  it('asks, unless an open stream will bring it', () => {
    expect(run(open(), { type: 'renewal-due' }).done).toEqual(['ask'])
    expect(run(open(), { type: 'stream', status: 'connecting' }, { type: 'renewal-due' }).done).toEqual(['ask'])
    expect(run(open(), { type: 'stream', status: 'open' }, { type: 'renewal-due' }).done).toEqual(['renew-later'])
  })

  it('is for nobody who is signed out, nor for a way that is closed', () => {
    expect(run(open(), push(signedOut), { type: 'renewal-due' }).done).toEqual([])
    expect(run(open(), { type: 'frame-failed', cause: 'timeout' }, { type: 'renewal-due' }).done).toEqual([])
  })

  it('that fails says so, and goes on with the attempts', () => {
    const failed = run(open(), { type: 'renewal-due' }, { type: 'question-failed', cause: 'unreachable' })
    expect(failed.state.snapshot).toMatchObject({
      status: 'unknown',
      reason: 'unreachable',
      last: { token: 'h.one.x' },
    })
    expect(failed.done).toContain('retry-after')
    const healed = run(failed.state, {
      type: 'said',
      via: 'answer',
      answer: answer(granted()),
      asOf: failed.state.taken,
    })
    expect(healed.done).toContain('renew-later')
  })
})
