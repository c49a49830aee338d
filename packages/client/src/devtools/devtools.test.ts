// @vitest-environment happy-dom
import { createFakeSession, signedIn, signedOut, unknown } from '@isthmus/testing/fake'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import { openDevtools, withDevtools } from './index.ts'
import { simulated } from './simulate.ts'
import { stateOf, withChange, withWay } from './timeline.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

describe('a simulation', () => {
  test('is what the page sees, until it ends; what is true meanwhile comes after it', () => {
    const real = createFakeSession(signedIn({ name: 'Ada' }))
    const session = simulated(real)
    const seen: string[] = []
    const stop = session.subscribe((snapshot) => seen.push(stateOf(snapshot)))
    session.simulate('Hub unreachable')
    expect(session.current).toMatchObject({
      status: 'unknown',
      last: { status: 'signed-in', stale: true },
      stale: true,
    })
    real.set(signedOut('logout'))
    session.simulate(undefined)
    expect(seen).toEqual(['signed in', 'unknown: unreachable', 'signed out: logout'])
    stop()
    expect(real.listeners).toBe(0)
    session.simulate('Not linked')
    expect(seen).toHaveLength(3)
  })

  // Regression: it kept what the referrer was before the page knew that it had been led to the hub and back.
  test('tells the referrer that the session knows by now', () => {
    let referrer = 'https://auth.example/'
    const session = simulated(Object.defineProperty(createFakeSession(signedIn()), 'referrer', { get: () => referrer }))
    referrer = 'https://search.example/'
    expect(session.referrer).toBe('https://search.example/')
  })

  test('is what a listener that comes later is told at once', () => {
    const session = simulated(createFakeSession(signedIn()))
    session.simulate('Signed out elsewhere')
    const listener = vi.fn()
    session.subscribe(listener)
    expect(listener.mock.calls).toEqual([[expect.objectContaining({ status: 'signed-out', reason: 'logout' })]])
  })

  test('leaves the acts to the session', async () => {
    const real = createFakeSession(signedIn())
    const session = simulated(real)
    session.simulate('Frame blocked')
    await session.signOut()
    expect(real.calls).toEqual([{ act: 'signOut', args: [] }])
  })
})

describe('the timeline', () => {
  const diagnosis = (at: number, delayMs: number | null): Diagnosis => ({
    hub: 'https://auth.example.com',
    site: 'shop',
    carrier: 'cookie',
    stream: 'open',
    lastChange: { at, via: 'push', delayMs },
    findings: [],
  })

  test('tells the way and the delay of the newest change, and of no other', () => {
    const changes = withChange(withChange([], signedIn(), 1000), signedOut('logout'), 5000)
    expect(withWay(changes, diagnosis(5001, 12))).toEqual([
      { at: 5000, state: 'signed out: logout', way: 'pushed, 12 ms after the hub' },
      { at: 1000, state: 'signed in', way: '' },
    ])
    expect(withWay(changes, diagnosis(1000, null))).toBe(changes)
  })

  test('does not grow for ever', () => {
    let changes = withChange([], unknown(), 0)
    for (let at = 1; at < 200; at++) changes = withChange(changes, signedIn(), at)
    expect(changes).toHaveLength(50)
    expect(changes[0]?.at).toBe(199)
  })
})

describe('the panel', () => {
  const text = (): string => document.querySelector('[title=Isthmus]')?.shadowRoot?.textContent ?? ''

  test('shows state, findings and cures, and goes without a trace', async () => {
    const session = createFakeSession(unknown('blocked'))
    const finding = {
      code: 'frame-removed',
      reason: 'blocked',
      message: 'It was taken out.',
      cure: 'Look for it.',
    } as const
    vi.spyOn(session, 'diagnose').mockResolvedValue({ ...(await session.diagnose()), findings: [finding] })
    const close = openDevtools(session)
    await vi.waitFor(() => expect(text()).toContain('frame-removed It was taken out. Look for it.'))
    expect(text()).toContain('unknown: blocked')
    expect(text()).not.toContain('Simulate')
    close()
    expect(document.querySelector('[title=Isthmus]')).toBeNull()
    expect(session.listeners).toBe(0)
  })

  test('opens by the query alone, unless it is told otherwise', () => {
    withDevtools(createFakeSession())
    expect(text()).toBe('')
    vi.stubGlobal('location', { search: '?page=2&isthmus-devtools' })
    const real = createFakeSession(signedIn())
    const session = withDevtools(real)
    closing.push(
      () => document.querySelector('[title=Isthmus]')?.remove(),
      () => session.destroy(),
    )
    expect(document.querySelector('[title=Isthmus]')).not.toBeNull()
  })

  test('lets the page see what a button says', async () => {
    const session = withDevtools(createFakeSession(signedIn()), { open: 'always' })
    closing.push(() => document.querySelector('[title=Isthmus]')?.remove())
    await vi.waitFor(() => expect(text()).toContain('Not linked'))
    const buttons = [...(document.querySelector('[title=Isthmus]')?.shadowRoot?.querySelectorAll('button') ?? [])]
    buttons.find(({ textContent }) => textContent === 'Not linked')?.click()
    expect(session.current).toMatchObject({ status: 'unknown', reason: 'partitioned' })
  })
})
