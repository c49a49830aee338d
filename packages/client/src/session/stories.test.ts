import { RETURN_TO_LIMIT, type SiteAnswer, type SiteState } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { advance, arrived, type Start } from './driver.test-kit.ts'
import type { Effect, Event, Preparation, State } from './state.ts'
import { mayRide } from './visits.ts'

const PAGE = 'https://shop.example/cart?x=1#/route'
const TICKET = { ticket: 't'.repeat(43), verifier: 'v'.repeat(43) }
const VISIT = 'v'.repeat(26)
const SIGNED_IN: SiteState = {
  status: 'signed-in',
  sid: 's1',
  expiresAt: 9_000_000,
  idleExpiresAt: 2_000_000,
  revision: 10,
  access: 'granted',
  user: { sub: 'customer' },
}
const SIGNED_OUT: SiteState = { status: 'signed-out', reason: 'logout', revision: 20 }
const UNLINKED: SiteState = { status: 'unlinked', revision: 5 }

const answer = (state: SiteState, carrier: SiteAnswer['carrier'] = 'partitioned'): SiteAnswer => ({
  site: 'shop',
  carrier,
  state,
})
const greeted = (state: SiteState, carrier?: SiteAnswer['carrier']): Event => ({
  type: 'welcome',
  answer: answer(state, carrier),
  peers: '',
  aheadMs: 0,
})

/** A client whose effects pile up, with a clock that the story holds. */
function client(beginning: Start = {}) {
  let state = arrived(beginning)
  let now = 0
  const effects: Effect[] = []
  const one = {
    get state(): State {
      return state
    },
    /** Effects of this type so far. */
    all<Type extends Effect['type']>(type: Type): Extract<Effect, { type: Type }>[] {
      return effects.filter((effect) => effect.type === type) as Extract<Effect, { type: Type }>[]
    },
    sent: (): string[] => one.all('send').map(({ question }) => question.type),
    idOf: (type: string): number => one.all('send').findLast(({ question }) => question.type === type)?.id ?? 0,
    happens(...events: Event[]) {
      for (const event of events) {
        state = advance(state, event, now)
        effects.push(...state.effects)
      }
      return one
    },
    passes(ms: number) {
      now += ms
      return one
    },
    /** The page is about to leave, and looked at; the hub accepts the visit. */
    prepares(page: Partial<Preparation> = {}) {
      const departure = one.all('prepare').at(-1)?.departure ?? 0
      return one.happens({
        type: 'prepared',
        departure,
        href: PAGE,
        visible: true,
        isUsed: false,
        stays: false,
        wasLed: false,
        hasReason: true,
        mark: undefined,
        keeps: true,
        challenge: 'c'.repeat(43),
        ...page,
      })
    },
    leaves(page: Partial<Preparation> = {}) {
      one.prepares(page)
      const id = one.idOf('visit')
      return id === 0 ? one : one.happens({ type: 'visit-registered', id, visit: VISIT })
    },
  }
  return one.happens({ type: 'begun' })
}

describe('a partition without a carrier', () => {
  const unlinked = (beginning?: Start) => client(beginning).happens(greeted(UNLINKED, 'none'))

  it('leads its page to the hub, and neither complains nor is ready until it is clear that the page stays', () => {
    const shop = unlinked().leaves()
    expect(shop.all('leave')).toEqual([
      {
        type: 'leave',
        departure: 1,
        errand: 'unlinked',
        to: 'link',
        returnTo: PAGE,
        challenge: 'c'.repeat(43),
        visit: VISIT,
      },
    ])
    expect(shop.all('ready')).toEqual([])
    shop.happens({ type: 'stayed', departure: 1 })
    expect(shop.all('complain')).toEqual([{ type: 'complain', cause: 'partitioned' }])
    expect(shop.all('ready')).toHaveLength(1)
  })

  it.each<[string, Partial<Preparation>]>([
    ['a hidden page', { visible: false }],
    ['a tab that has left before', { mark: 'left' }],
    ['a tab whose carrier worked on the page that came back, and is gone', { mark: 'worked' }],
    ['a tab that can keep nothing', { keeps: false }],
    ['a page that its user has begun to use', { isUsed: true }],
    ['a page that must not be asked for twice', { stays: true }],
    ['a tab from an address that it was led away from before', { wasLed: true }],
    ['a user of whom nothing says that they are signed in anywhere', { hasReason: false }],
    ['an address that the hub would not take back', { href: `https://shop.example/${'x'.repeat(RETURN_TO_LIMIT)}` }],
  ])('does not lead away %s', (_, page) => {
    const shop = unlinked().leaves(page)
    expect(shop.all('leave')).toEqual([])
    expect(shop.all('complain')).toEqual([{ type: 'complain', cause: 'partitioned' }])
  })

  it('leads away whoever comes first, where the site is eager', () => {
    const shop = unlinked({ habits: { link: 'eager' } })
    expect(shop.leaves({ hasReason: false }).all('leave')).toHaveLength(1)
    expect(
      unlinked({ habits: { link: 'eager' } })
        .leaves({ stays: true })
        .all('leave'),
    ).toEqual([])
  })

  // Regression: a hub that came back led pages away minutes after they had loaded.
  it('leads a page away in its first moments only', () => {
    const failed: Event = { type: 'frame-failed', cause: 'timeout' }
    for (const [ms, times] of [
      [10_000, 1],
      [10_001, 0],
    ] as const) {
      const shop = client({ habits: { link: 'eager' } })
        .happens(failed)
        .passes(ms)
      shop.happens({ type: 'retry-due' }, greeted(UNLINKED, 'none'))
      expect(shop.leaves().all('leave')).toHaveLength(times)
    }
  })

  // Regression: in a tab that was open, signed out, nothing said that somebody had signed in elsewhere.
  it('leads an eager page away when it is looked at again, from the same address too', () => {
    for (const [link, times] of [
      ['eager', 1],
      ['auto', 0],
    ] as const) {
      const shop = unlinked({ habits: { link } }).leaves({ visible: false }).passes(60_000)
      shop.happens({ type: 'looked-at' })
      shop.happens({ type: 'answer', id: shop.idOf('ask'), answer: answer(UNLINKED, 'none') })
      expect(shop.leaves({ departure: 2, wasLed: true }).all('leave')).toHaveLength(times)
    }
  })

  it('does not lead away a page whose user has touched it, be it while the hub was asked', () => {
    const before = unlinked().happens({ type: 'active' }).leaves()
    const meanwhile = unlinked().prepares().happens({ type: 'active' })
    meanwhile.happens({ type: 'visit-registered', id: meanwhile.idOf('visit'), visit: VISIT })
    for (const shop of [before, meanwhile]) expect(shop.all('leave')).toEqual([])
  })

  it('counts an address without its fragment, which no server sees', () => {
    const href = `https://shop.example/#${'x'.repeat(RETURN_TO_LIMIT)}`
    expect(unlinked().leaves({ href }).all('leave')).toHaveLength(1)
  })

  it('leads away a tab whose carrier works on, where the browser has another session by now', () => {
    const moved = client().happens(greeted(UNLINKED, 'partitioned'))
    expect(moved.leaves({ mark: 'worked' }).all('leave')).toHaveLength(1)
  })

  it('does not lead away a page that was written on, be it after it was found out', () => {
    expect(unlinked().happens({ type: 'edited' }).leaves().all('leave')).toEqual([])
  })

  it('does not lead away a page that was answered meanwhile', () => {
    const shop = unlinked().happens({ type: 'news', answer: answer(SIGNED_IN) })
    expect(shop.leaves().all('leave')).toEqual([])
  })

  it('does not lead away a page that just came back, until a carrier has worked on it', () => {
    const shop = unlinked({ came: true })
    expect(shop.leaves().all('leave')).toEqual([])
    shop.happens({ type: 'push', answer: answer(SIGNED_IN) })
    shop.happens({ type: 'push', answer: answer({ ...UNLINKED, revision: 30 }) })
    expect(shop.leaves({ mark: 'worked' }).all('leave')).toHaveLength(1)
    expect(shop.all('mark')).toEqual([{ type: 'mark', mark: 'worked' }])
  })

  it('does not lead away a page whose visit the hub refuses, or that is written on while it is asked', () => {
    const refused = unlinked().prepares()
    expect(refused.sent()).toEqual(['visit'])
    refused.happens({ type: 'refusal', id: refused.idOf('visit'), code: 'return-to-refused' })
    const written = unlinked().prepares().happens({ type: 'edited' })
    written.happens({ type: 'visit-registered', id: written.idOf('visit'), visit: VISIT })
    for (const shop of [refused, written]) {
      expect(shop.all('leave')).toEqual([])
      expect(shop.all('complain')).toEqual([{ type: 'complain', cause: 'partitioned' }])
    }
  })

  it.each<[string, Event]>([
    ['the hub refuses the visit', { type: 'refusal', id: 1, code: 'return-to-refused' }],
    ['the frame does not answer', { type: 'refusal', id: 1, code: 'timeout' }],
    ['the frame fails', { type: 'frame-failed', cause: 'timeout' }],
  ])('leaves on a call of the page by the long address where %s', (_, event) => {
    for (const [to, call] of [
      ['link', { type: 'link', call: 1 }],
      ['login', { type: 'sign-in', call: 1, returnTo: undefined }],
    ] as const) {
      const shop = unlinked({ habits: { link: 'manual' } })
        .happens(call)
        .prepares()
      expect(shop.all('leave')).toEqual([])
      shop.happens(event)
      expect(shop.all('leave')).toMatchObject([{ to, challenge: 'c'.repeat(43), visit: undefined }])
      expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
    }
  })

  it.each<[string, Start]>([
    ['by choice of the site', { habits: { link: 'manual' } }],
    ['in a frame of another page', { habits: { embedded: true } }],
    ['where no ticket could be redeemed: a visit would be in vain', { habits: { redeems: false } }],
  ])('leads nobody away %s', (_, beginning) => {
    const shop = unlinked(beginning).leaves()
    expect(shop.all('leave')).toEqual([])
    expect(shop.all('complain')).toEqual([{ type: 'complain', cause: 'partitioned' }])
  })

  it('gives way to a click on "sign in", which gets there whatever the tab remembers', () => {
    const shop = unlinked().happens({ type: 'sign-in', call: 1, returnTo: undefined })
    shop.leaves({ departure: 1 })
    expect(shop.all('leave')).toEqual([])
    shop.happens({ type: 'edited' }).leaves({ mark: 'left', visible: false, keeps: false })
    expect(shop.all('leave')).toMatchObject([{ to: 'login', returnTo: PAGE, challenge: undefined }])
    expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
  })

  // Regression: link() was told that the page stays, by an errand that was only finding that out.
  it('gives way to link() while it finds out whether it may leave', () => {
    const shop = unlinked().happens({ type: 'link', call: 1 })
    shop.leaves({ departure: 1, stays: true })
    expect(shop.all('settle')).toEqual([])
    shop.leaves({ stays: true })
    expect(shop.all('leave')).toMatchObject([{ to: 'link', errand: 'link-call' }])
    expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
  })

  // Regression: the sign-in took the name of the silent visit, and its ticket did not fit the verifier that was kept.
  it('leaves by the visit of its last errand only', () => {
    const shop = unlinked().prepares()
    const silent = shop.idOf('visit')
    shop.happens({ type: 'sign-in', call: 1, returnTo: undefined }).prepares({ challenge: 'd'.repeat(43) })
    shop.happens({ type: 'visit-registered', id: silent, visit: 'a'.repeat(26) })
    expect(shop.all('leave')).toEqual([])
    shop.happens({ type: 'visit-registered', id: shop.idOf('visit'), visit: VISIT })
    expect(shop.all('leave')).toMatchObject([{ to: 'login', challenge: 'd'.repeat(43), visit: VISIT }])
    expect(shop.state.questions).toEqual([])
  })

  it('link() says whether the page leaves', () => {
    const shop = unlinked({ habits: { link: 'manual' } })
    shop.happens({ type: 'link', call: 1 }).leaves({ mark: 'left' })
    shop.happens({ type: 'link', call: 2 }).leaves()
    expect(shop.all('settle')).toEqual([
      { type: 'settle', call: 1, outcome: false },
      { type: 'settle', call: 2, outcome: true },
    ])
  })
})

describe('a click within the site', () => {
  const NEXT = 'https://shop.example/next#/part'
  const riding = (beginning?: Start): ReturnType<typeof client> => {
    const shop = client(beginning).happens(greeted(UNLINKED, 'none')).prepares({ hasReason: false })
    expect(mayRide(shop.state)).toBe(true)
    return shop.happens({ type: 'active' }, { type: 'ride', href: NEXT })
  }

  it('passes the hub where the partition has no carrier, and leads where it led', () => {
    expect(riding().leaves({ departure: 2, isUsed: true }).all('leave')).toEqual([
      {
        type: 'leave',
        departure: 2,
        errand: 'ride',
        to: 'link',
        returnTo: NEXT,
        challenge: 'c'.repeat(43),
        visit: VISIT,
      },
    ])
  })

  // Regression: each look at the page asks the hub, and a click right after the answer did not pass it.
  it('passes the hub while the page finds out whether it may leave by itself, and not once that is planned', () => {
    const shop = client().happens(greeted(UNLINKED, 'none'))
    expect(mayRide(shop.state)).toBe(true)
    shop.happens({ type: 'ride', href: NEXT }).prepares({ departure: 1, hasReason: false })
    expect(shop.leaves().all('leave')).toMatchObject([{ errand: 'ride', returnTo: NEXT }])
    expect(mayRide(client().happens(greeted(UNLINKED, 'none')).prepares().state)).toBe(false)
  })

  it.each<[string, (shop: ReturnType<typeof client>) => unknown]>([
    [
      'the hub refuses',
      (shop) => shop.prepares().happens({ type: 'refusal', id: shop.idOf('visit'), code: 'internal' }),
    ],
    ['the hub is slow', (shop) => shop.prepares().happens({ type: 'stayed', departure: 2 })],
    ['the tab can keep nothing', (shop) => shop.prepares({ keeps: false })],
    ['the page cannot be looked at', (shop) => shop.happens({ type: 'stayed', departure: 2 })],
  ])('leads there without the hub where %s', (_, happens) => {
    const shop = riding()
    happens(shop)
    expect(shop.all('leave')).toEqual([])
    expect(shop.all('follow')).toEqual([{ type: 'follow', href: NEXT }])
  })

  it.each<[string, Start, Event[]]>([
    ['by choice of the site', { habits: { link: 'manual' } }, [greeted(UNLINKED, 'none')]],
    ['where the first page is led away', { habits: { link: 'eager' } }, [greeted(UNLINKED, 'none')]],
    ['in a frame', { habits: { embedded: true } }, [greeted(UNLINKED, 'none')]],
    ['where the hub has answered', {}, [greeted(SIGNED_OUT)]],
    ['where the hub is not there', {}, [{ type: 'frame-failed', cause: 'timeout' }]],
  ])('does not pass the hub %s', (_, beginning, events) => {
    expect(mayRide(client(beginning).happens(...events).state)).toBe(false)
  })
})

it('from a frame of another page, sign-in opens a tab of its own, which brings no ticket for this one', () => {
  const shop = client({ habits: { embedded: true } }).happens(greeted(UNLINKED, 'none'))
  shop.happens({ type: 'sign-in', call: 1, returnTo: undefined }).prepares()
  expect(shop.all('leave')).toMatchObject([{ to: 'login', challenge: undefined, visit: undefined }])
})

it('a page in a frame whose browser opens no tab says so at each sign-in, and shows what it knew', () => {
  const shop = client({ habits: { embedded: true } }).happens(greeted(SIGNED_OUT))
  for (const departure of [1, 2]) {
    shop.happens({ type: 'sign-in', call: departure, returnTo: undefined }).prepares()
    expect(shop.state.tabRefused).toBe(false)
    shop.happens({ type: 'tab-refused', departure })
    expect(shop.state).toMatchObject({ tabRefused: true, leaving: undefined, snapshot: { status: 'signed-out' } })
  }
  expect(shop.all('complain')).toEqual(Array(2).fill({ type: 'complain', cause: 'embedded' }))
})

it('a page that came back knows what it came from before', () => {
  expect(client({ came: true, referrer: 'https://search.example/' }).state.referrer).toBe('https://search.example/')
})

describe('a page whose user stops the way to the login page', () => {
  it('is ready and complains as any other', () => {
    const shop = client().happens({ type: 'sign-in', call: 1, returnTo: undefined }).leaves()
    shop.happens({ type: 'stayed', departure: 1 }, { type: 'frame-failed', cause: 'timeout' })
    expect(shop.all('ready')).toHaveLength(1)
    expect(shop.all('complain')).toEqual([{ type: 'complain', cause: 'timeout' }])
  })
})

describe('a ticket in hand', () => {
  it('comes before every question, and they are asked when it is spent', () => {
    const shop = client({ ticket: TICKET }).happens({ type: 'refresh', call: 1 }, greeted(UNLINKED, 'none'))
    expect(shop.sent()).toEqual(['redeem'])
    shop.happens({ type: 'answer', id: shop.idOf('redeem'), answer: answer(SIGNED_IN) })
    expect(shop.sent()).toEqual(['redeem', 'ask'])
    expect(shop.all('ticket-spent')).toEqual([{ type: 'ticket-spent', refused: undefined }])
  })

  it.each(['timeout', 'unreachable', 'internal'] as const)(
    'is kept when its redemption ends in %s, and redeemed by the next frame',
    (code) => {
      const shop = client({ ticket: TICKET }).happens(greeted(UNLINKED, 'none'))
      shop.happens({ type: 'refusal', id: shop.idOf('redeem'), code })
      expect(shop.all('ticket-spent')).toEqual([])
      expect(shop.state.snapshot).toMatchObject({
        status: 'unknown',
        reason: code === 'timeout' ? code : 'unreachable',
      })
      shop.happens({ type: 'retry-due' }, greeted(UNLINKED, 'none'))
      expect(shop.sent()).toEqual(['redeem', 'redeem'])
    },
  )

  it('that is refused is said so, and what is true is asked', () => {
    const shop = client({ ticket: TICKET }).happens(greeted(UNLINKED, 'none'))
    shop.happens({ type: 'refusal', id: shop.idOf('redeem'), code: 'ticket-expired' })
    expect(shop.all('ticket-spent')).toEqual([{ type: 'ticket-spent', refused: 'ticket-expired' }])
    expect(shop.sent()).toEqual(['redeem', 'ask'])
  })
})

describe('refresh()', () => {
  it('does not join a question that was asked before it; those that come meanwhile share the next one', () => {
    const shop = client().happens(greeted(SIGNED_IN), { type: 'looked-at' })
    const first = shop.idOf('ask')
    shop.happens({ type: 'refresh', call: 1 }, { type: 'refresh', call: 2 })
    expect(shop.sent()).toEqual(['ask'])
    shop.happens({ type: 'answer', id: first, answer: answer(SIGNED_IN) })
    expect(shop.sent()).toEqual(['ask', 'ask'])
    expect(shop.all('settle')).toEqual([])
    shop.happens({ type: 'answer', id: shop.idOf('ask'), answer: answer(SIGNED_OUT) })
    expect(shop.all('settle').map(({ call }) => call)).toEqual([1, 2])
  })

  it('opens a way that is closed, and asks again what was asked over the one that is lost', () => {
    const shop = client().happens(greeted(SIGNED_IN), { type: 'frame-failed', cause: 'timeout' })
    shop.happens({ type: 'refresh', call: 1 })
    expect(shop.state.port).toBe('opening')
    shop
      .happens(greeted(SIGNED_IN))
      .passes(60_000)
      .happens({ type: 'frame-removed', swapped: false }, greeted(SIGNED_IN))
    expect(shop.sent()).toEqual(['ask', 'ask'])
    shop.happens({ type: 'answer', id: shop.idOf('ask'), answer: answer(SIGNED_IN) })
    expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
  })

  it('ends when the way cannot be opened', () => {
    const shop = client().happens({ type: 'refresh', call: 1 }, { type: 'frame-failed', cause: 'unreachable' })
    expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: 'unreachable' }])
  })

  it('that was asked before the page was left is answered, and the answer is no news', () => {
    const shop = client().happens(greeted(SIGNED_IN), { type: 'refresh', call: 1 })
    const before = shop.idOf('ask')
    shop.happens({ type: 'left' }, { type: 'restored' })
    expect(shop.sent()).toEqual(['ask', 'ask'])
    shop.happens({ type: 'answer', id: before, answer: answer(SIGNED_IN) })
    expect(shop.all('settle')).toHaveLength(1)
    expect(shop.state.snapshot).toMatchObject({ status: 'unknown', reason: 'loading' })
  })
})

describe('a page that comes back from the back-forward cache', () => {
  // Regression: Firefox lost the question of a restored page, which then stayed unknown for five seconds.
  it('asks once more while it waits, under the same number', () => {
    const shop = client().happens(greeted(SIGNED_IN), { type: 'left' }, { type: 'restored' })
    expect(shop.all('repeat-later')).toHaveLength(1)
    const [ask] = shop.all('send')
    shop.happens({ type: 'repeat-due' })
    expect(shop.all('send')).toEqual([ask, ask])
    shop.happens({ type: 'answer', id: shop.idOf('ask'), answer: answer(SIGNED_IN) }, { type: 'repeat-due' })
    expect(shop.sent()).toEqual(['ask', 'ask'])
  })
})

describe('signing out', () => {
  const signingOut = () => client().happens(greeted(SIGNED_IN), { type: 'sign-out', call: 1 })

  it('is done when the hub said so', () => {
    const shop = signingOut()
    shop.happens({ type: 'answer', id: shop.idOf('sign-out'), answer: answer(SIGNED_OUT) })
    expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
    expect(shop.all('prepare')).toEqual([])
  })

  it.each(['timeout', 'unreachable'] as const)('fails with %s where the hub was not told', (code) => {
    const shop = signingOut()
    shop.happens({ type: 'refusal', id: shop.idOf('sign-out'), code })
    expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: code }])
  })

  it('leads to the hub’s own page where no frame can act for the session', () => {
    const blocked = client().happens({ type: 'frame-failed', cause: 'policy-forbids' }, { type: 'sign-out', call: 1 })
    expect(blocked.leaves().all('leave')).toMatchObject([{ to: 'logout', challenge: undefined }])
    const lost = signingOut()
    lost.happens({ type: 'refusal', id: lost.idOf('sign-out'), code: 'no-session' }).leaves()
    expect(lost.all('leave')).toMatchObject([{ to: 'logout' }])
    for (const shop of [blocked, lost]) expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
  })

  it('leads to the hub’s own page where the page’s policy hides why the frame is silent', () => {
    const hidden = client().happens({ type: 'frame-failed', cause: 'policy-hides-cause' })
    hidden.happens({ type: 'sign-out', call: 1 }).leaves()
    expect(hidden.all('leave')).toMatchObject([{ to: 'logout' }])
    expect(hidden.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
  })

  it('is done where another page was faster', () => {
    const shop = signingOut().happens({ type: 'push', answer: answer(SIGNED_OUT) })
    shop.happens({ type: 'refusal', id: shop.idOf('sign-out'), code: 'no-session' })
    expect(shop.all('settle')).toEqual([{ type: 'settle', call: 1, outcome: true }])
  })
})

describe('a user who is there', () => {
  it('is reported once a minute, and not at once after another page has reported it', () => {
    const shop = client().passes(100_000).happens(greeted(SIGNED_IN), { type: 'active' }, { type: 'active' })
    expect(shop.sent()).toEqual(['touch'])
    shop.passes(59_999).happens({ type: 'active' })
    expect(shop.sent()).toEqual(['touch'])
    shop.happens({
      type: 'push',
      answer: answer({ ...SIGNED_IN, idleExpiresAt: 3_000_000, revision: 11 }),
    })
    shop.passes(59_999).happens({ type: 'active' })
    expect(shop.sent()).toEqual(['touch'])
    shop.passes(1).happens({ type: 'active' })
    expect(shop.sent()).toEqual(['touch', 'touch'])
  })

  it('makes a page ask that lost the hub', () => {
    const shop = client().happens({ type: 'frame-failed', cause: 'timeout' }, { type: 'active' })
    expect(shop.all('open-frame')).toHaveLength(2)
  })
})

// Regression: the stream names the parts of a state in another order than the document, and each page was announced twice.
it('the same state in another order is no change', () => {
  const shop = client().happens(greeted(SIGNED_IN))
  const turned = Object.fromEntries(Object.entries(SIGNED_IN).reverse()) as unknown as SiteState
  shop.happens({ type: 'push', answer: answer(turned) })
  expect(shop.all('announce')).toHaveLength(1)
})

it('each cause is complained of once', () => {
  const failed: Event = { type: 'frame-failed', cause: 'timeout' }
  const shop = client().happens(failed, { type: 'retry-due' }, failed, { type: 'frame-failed', cause: 'unreachable' })
  expect(shop.all('complain').map(({ cause }) => cause)).toEqual(['timeout', 'unreachable'])
  expect(shop.all('ready')).toHaveLength(1)
})

it('after destroy() nobody waits, and nothing happens any more', () => {
  const shop = client({ ticket: TICKET }).happens(
    { type: 'refresh', call: 1 },
    { type: 'sign-in', call: 2, returnTo: undefined },
  )
  shop.happens({ type: 'destroyed' })
  expect(shop.all('settle')).toEqual([
    { type: 'settle', call: 1, outcome: 'destroyed' },
    { type: 'settle', call: 2, outcome: 'destroyed' },
  ])
  expect(shop.all('ready')).toHaveLength(1)
  shop.happens(greeted(SIGNED_IN), { type: 'sign-out', call: 3 })
  expect(shop.all('settle').at(-1)).toEqual({ type: 'settle', call: 3, outcome: 'destroyed' })
  expect(shop.sent()).toEqual([])
})
