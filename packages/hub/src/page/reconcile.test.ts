import type { Carrier, ClientToHub, HubToClient, SiteAnswer } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import type { Embedder } from '../embedder.ts'
import { type Effect, type Event, INITIAL_STATE, reconcile, type State, type StreamWorker } from './reconcile.ts'

const isthmus = 1
const SHOP: Embedder = { origin: 'https://shop.example', site: 'shop', wantsToken: false }
const OTHER: Embedder = { ...SHOP, origin: 'https://other.example' }

/** Ports are handed on and never looked into. */
const port = (name: string): MessagePort => ({ name }) as unknown as MessagePort

function signedIn(sid = 's1', carrier: Carrier = 'partitioned'): SiteAnswer {
  const state = { status: 'signed-in', access: 'denied', sid, user: { sub: 'u' } } as const
  return { site: 'shop', carrier, state: { ...state, expiresAt: 9, idleExpiresAt: 8, revision: 1 } }
}

function signedOut(carrier: Carrier = 'partitioned'): SiteAnswer {
  return { site: 'shop', carrier, state: { status: 'signed-out', reason: 'logout', revision: 2 } }
}

const UNLINKED: SiteAnswer = { site: 'shop', carrier: 'none', state: { status: 'unlinked', revision: 2 } }

const ASK: ClientToHub = { isthmus, type: 'ask', id: 1 }
const REDEEM: ClientToHub = { isthmus, type: 'redeem', id: 2, ticket: 't', verifier: 'v' }

/** Where the events lead, and what the last of them has done. */
function after(...events: Event[]): { state: State; effects: Effect[]; all: Effect[] } {
  let state = INITIAL_STATE
  let effects: Effect[] = []
  const all: Effect[] = []
  for (const event of events) {
    const [next, ...done] = reconcile(state, event)
    state = next
    effects = done
    all.push(...done)
  }
  return { state, effects, all }
}

const opened = (answer: SiteAnswer = signedIn()): Event => ({
  type: 'opened',
  embedder: SHOP,
  answer,
  port: port('greeted'),
})
const pushed = (answer: SiteAnswer): Event => ({ type: 'pushed', answer })
const checked = (doubt: 'pushed' | 'stream-down' | 'linked', answer?: SiteAnswer): Event => ({
  type: 'checked',
  doubt,
  answer,
})
const down: Event = { type: 'status', status: 'down' }

const push = (answer: SiteAnswer): Effect => ({ type: 'tell', message: { isthmus, type: 'push', answer } })
const stream = (status: 'idle' | 'connecting' | 'open' | 'down'): Effect => ({
  type: 'tell',
  message: { isthmus, type: 'stream', status },
})
const follow = (sid = 's1', worker: StreamWorker = 'shared'): Effect => ({ type: 'follow', worker, site: 'shop', sid })
const LEAVE: Effect = { type: 'leave', worker: 'all' }

describe('the greeting', () => {
  it('has been said where a cookie proved the session: the page serves its port, and follows', () => {
    expect(after(opened()).effects).toEqual([
      { type: 'serve', embedder: SHOP, port: port('greeted') },
      stream('connecting'),
      follow(),
    ])
  })

  it('of a browser that is signed out is followed by nothing', () => {
    expect(after(opened(signedOut())).effects).toEqual([{ type: 'serve', embedder: SHOP, port: port('greeted') }])
  })

  it('waits where no cookie proved anything, until the partition’s carrier is found', () => {
    const opens: Event = { type: 'opened', embedder: SHOP, answer: UNLINKED }
    expect(after(opens).effects).toEqual([{ type: 'find', embedder: SHOP, answer: UNLINKED }])
    const found: Event = { type: 'found', embedder: SHOP, answer: signedIn('s1', 'key') }
    expect(after(opens, found).effects).toEqual([
      { type: 'serve', embedder: SHOP, port: undefined },
      { type: 'greet', answer: signedIn('s1', 'key'), by: 'window' },
      stream('connecting'),
      follow(),
    ])
  })

  it('is not said where the hub does not answer; a hello is heard later', () => {
    const opens: Event = { type: 'opened', embedder: SHOP, answer: UNLINKED }
    const nothing: Event = { type: 'found', embedder: SHOP, answer: undefined }
    expect(after(opens, nothing).effects).toEqual([])
    expect(after(opens, nothing, { type: 'hello', embedder: SHOP, port: port('h') }).effects).toEqual([
      { type: 'find', embedder: SHOP, answer: undefined },
    ])
  })

  // Regression: where a key carries the session, the parent was served twice, and the stream opened twice.
  it('by window message is void after a hello, and the embedder is served once', () => {
    const { all } = after(
      { type: 'opened', embedder: SHOP, answer: UNLINKED },
      { type: 'hello', embedder: SHOP, port: port('h') },
      { type: 'found', embedder: SHOP, answer: signedIn('s1', 'key') },
    )
    expect(all.filter(({ type }) => type === 'serve')).toEqual([{ type: 'serve', embedder: SHOP, port: port('h') }])
    expect(all.filter(({ type }) => type === 'greet')).toMatchObject([{ by: 'port' }])
    expect(all.filter(({ type }) => type === 'follow')).toHaveLength(1)
  })

  it('that was swallowed is said again over the port of the hello, and the stream goes on', () => {
    expect(after(opened(), { type: 'hello', embedder: { ...SHOP, site: undefined }, port: port('h') }).effects).toEqual(
      [
        { type: 'serve', embedder: SHOP, port: port('h') },
        { type: 'greet', answer: signedIn(), by: 'port' },
      ],
    )
  })

  it('goes to whom the browser names, where the Referer named another', () => {
    const hello: Event = { type: 'hello', embedder: OTHER, port: port('h') }
    expect(after(opened(), hello).effects).toEqual([{ type: 'find', embedder: OTHER, answer: undefined }])
    expect(after(opened(), hello, { type: 'found', embedder: OTHER, answer: signedIn('s2') }).effects).toEqual([
      { type: 'serve', embedder: OTHER, port: port('h') },
      { type: 'greet', answer: signedIn('s2'), by: 'port' },
      stream('connecting'),
      follow('s2'),
    ])
  })

  it('is not said for an embedder that another hello has overtaken', () => {
    const late: Event = { type: 'found', embedder: SHOP, answer: signedIn() }
    const { effects } = after(
      { type: 'opened', embedder: SHOP, answer: UNLINKED },
      { type: 'hello', embedder: OTHER, port: port('h') },
      late,
    )
    expect(effects).toEqual([])
  })
})

describe('a question', () => {
  it('is asked, and answered; what it brings is followed, and wakes the stream', () => {
    expect(after(opened(signedOut()), { type: 'question', question: ASK }).effects).toEqual([
      { type: 'call', question: ASK },
    ])
    const answer = signedIn()
    expect(after(opened(signedOut()), { type: 'answered', question: ASK, answer }).effects).toEqual([
      stream('connecting'),
      follow(),
      { type: 'tell', message: { isthmus, type: 'answer', id: 1, answer } },
      { type: 'wake', revision: 1 },
    ])
  })

  it('that shows the end is told before the stream rests', () => {
    const answer = signedOut()
    expect(after(opened(), { type: 'answered', question: ASK, answer }).effects).toEqual([
      { type: 'tell', message: { isthmus, type: 'answer', id: 1, answer } },
      LEAVE,
      stream('idle'),
      { type: 'wake', revision: 2 },
    ])
  })

  it('that registers a visit is answered with its id, and changes nothing', () => {
    const question: ClientToHub = { isthmus, type: 'visit', id: 3, to: 'link', returnTo: SHOP.origin, challenge: 'c' }
    const { state, effects } = after(opened(), { type: 'visit-registered', question, visit: 'v' })
    expect(effects).toEqual([{ type: 'tell', message: { isthmus, type: 'visit-registered', id: 3, visit: 'v' } }])
    expect(state).toEqual(after(opened()).state)
  })

  it('that is refused says why, and changes nothing', () => {
    const { state, effects } = after(opened(), { type: 'refused', question: ASK, code: 'timeout' })
    expect(effects).toEqual([{ type: 'tell', message: { isthmus, type: 'refusal', id: 1, code: 'timeout' } }])
    expect(state).toEqual(after(opened()).state)
  })
})

describe('a ticket', () => {
  const redeemed: Event = { type: 'answered', question: REDEEM, answer: signedIn() }

  // Regression: the answer of the ticket was held back until it was known which carrier stuck.
  it('shows its state at once, without a carrier, which is found then', () => {
    expect(after(opened(UNLINKED), redeemed).effects).toEqual([
      { type: 'tell', message: { isthmus, type: 'answer', id: 2, answer: { ...signedIn(), carrier: 'none' } } },
      { type: 'check', doubt: 'linked', otherwise: signedIn() },
    ])
  })

  it.each(['cookie', 'partitioned', 'key'] as const)('is carried by %s: told, and followed', (carrier) => {
    const answer = signedIn('s1', carrier)
    expect(after(opened(UNLINKED), redeemed, checked('linked', answer)).effects).toEqual([
      stream('connecting'),
      follow(),
      push(answer),
    ])
  })

  it('that left nothing behind is told to be so', () => {
    expect(after(opened(UNLINKED), redeemed, checked('linked', UNLINKED)).effects).toEqual([push(UNLINKED)])
  })
})

/**
 * What the stream brings, against what the page knows: believed as it is, or checked. `known` is followed over the
 * carrier `by`.
 */
describe.each<[by: Carrier, known: SiteAnswer['state']['status'], brought: SiteAnswer, believed: boolean]>([
  ['partitioned', 'signed-in', signedIn('s1', 'partitioned'), true],
  ['key', 'signed-in', signedIn('s1', 'key'), true],
  // Another carrier may prove the same session.
  ['cookie', 'signed-in', signedIn('s1', 'partitioned'), true],
  // The partition still holds another session than the hub's own cookie.
  ['cookie', 'signed-in', signedIn('s2', 'partitioned'), false],
  ['partitioned', 'signed-in', signedIn('s2', 'partitioned'), false],
  // The end of the session, or of another one that the partition still holds.
  ['partitioned', 'signed-in', signedOut('partitioned'), true],
  ['key', 'signed-in', signedOut('key'), true],
  ['cookie', 'signed-in', signedOut('cookie'), true],
  ['cookie', 'signed-in', signedOut('partitioned'), false],
  // The worker could not prove the session; or it moved on in this browser.
  ['key', 'signed-in', signedOut('none'), false],
  ['partitioned', 'signed-in', UNLINKED, false],
  ['partitioned', 'signed-in', { ...UNLINKED, carrier: 'partitioned' }, false],
  ['none', 'signed-out', signedOut('none'), false],
])('over %s, %s, the stream brings %j', (by, known, brought, believed) => {
  it(believed ? 'and is believed' : 'and the page asks itself', () => {
    const { effects } = after(opened(known === 'signed-in' ? signedIn('s1', by) : signedOut(by)), pushed(brought))
    const check: Effect = { type: 'check', doubt: 'pushed' }
    expect(effects.some((effect) => effect.type === 'check')).toBe(!believed)
    if (believed) expect(effects).toContainEqual(push(brought))
    else expect(effects).toEqual([check])
  })
})

/** What the page finds out where it did not believe the stream, by what carries its session. */
describe('the page asked itself', () => {
  it('and got no answer: the stream counts as down', () => {
    expect(after(opened(), pushed(UNLINKED), checked('pushed')).effects).toEqual([stream('down')])
  })

  it('and the session moved on: the new one is followed', () => {
    expect(after(opened(), pushed(UNLINKED), checked('pushed', signedIn('s2'))).effects).toEqual([
      stream('connecting'),
      follow('s2'),
      push(signedIn('s2')),
    ])
  })

  it('and proves what the worker cannot, by the hub’s own cookie: the partition gets one too, once', () => {
    const own = signedIn('s1', 'cookie')
    const doubted = [opened(own), pushed(signedOut('none')), checked('pushed', own)]
    expect(after(...doubted).effects).toEqual([push(own), { type: 'adopt' }])
    expect(after(...doubted, { type: 'adopted' }).effects).toEqual([follow()])
    const again: Event[] = [...doubted, { type: 'adopted' }, pushed(signedOut('none')), checked('pushed', own)]
    expect(after(...again).effects).toEqual([push(own), LEAVE, follow('s1', 'elected')])
  })

  it('and proves it by the key: a worker of its own, first an elected one, then for itself alone, and there it rests', () => {
    const keyed = signedIn('s1', 'key')
    const doubt: Event[] = [pushed(signedOut('none')), checked('pushed', keyed)]
    expect(after(opened(keyed), ...doubt).effects).toEqual([push(keyed), LEAVE, follow('s1', 'elected')])
    expect(after(opened(keyed), ...doubt, ...doubt).effects).toEqual([push(keyed), LEAVE, follow('s1', 'alone')])
    expect(after(opened(keyed), ...doubt, ...doubt, ...doubt).effects).toEqual([push(keyed)])
  })
})

describe('a stream that is down', () => {
  it('is not called so before the page has tried', () => {
    expect(after(opened(), down).effects).toEqual([{ type: 'check', doubt: 'stream-down' }])
    expect(after(opened(), down, checked('stream-down')).effects).toEqual([stream('down')])
  })

  it('while the page is answered may be a hub that has just come back; twice, another worker tries', () => {
    const contradicted = [down, checked('stream-down', signedIn())]
    expect(after(opened(), ...contradicted).effects).toEqual([push(signedIn())])
    expect(after(opened(), ...contradicted, ...contradicted).effects).toEqual([
      push(signedIn()),
      LEAVE,
      follow('s1', 'elected'),
    ])
    const open: Event = { type: 'status', status: 'open' }
    expect(after(opened(), ...contradicted, open, ...contradicted).effects).toEqual([push(signedIn())])
  })
})

describe('the shared worker', () => {
  const silent: Event = { type: 'worker', is: 'silent' }
  const heard: Event = { type: 'worker', is: 'heard' }
  const refused: Event = { type: 'worker', is: 'refused' }

  it.each([
    ['is not to be had, or cannot read the key', [refused]],
    ['was silent, and is not to be had', [silent, refused]],
  ] as const)('%s: an elected one follows, once', (_, events) => {
    const { state, all } = after(opened(), ...events)
    expect(state.worker).toBe('elected')
    expect(all.filter((effect) => effect.type === 'follow').at(-1)).toEqual(follow('s1', 'elected'))
    expect(all.filter((effect) => effect.type === 'follow')).toHaveLength(2)
    expect(all).toContainEqual({ type: 'leave', worker: 'shared' })
  })

  // Regression: a shared worker whose script was slow was given up for the page's life.
  it('that is silent is stood in for, and takes over when it speaks', () => {
    expect(after(opened(), silent).effects).toEqual([follow('s1', 'elected')])
    const { state, effects } = after(opened(), silent, heard)
    expect(effects).toEqual([{ type: 'leave', worker: 'elected' }, follow()])
    expect(state).toEqual(after(opened()).state)
  })

  it('that speaks changes nothing where nothing stood in for it', () => {
    expect(after(opened(), heard).effects).toEqual([])
    expect(after(opened(), refused, heard).effects).toEqual([])
  })
})

describe('the page’s own worker', () => {
  const refused: Event = { type: 'worker', is: 'refused' }
  const lost: Event = { type: 'worker', is: 'lost' }
  const leave: Effect = { type: 'leave', worker: 'elected' }

  // Regression: a page whose worker's script did not get through showed the session that it knew first, for ever.
  it('whose script is lost is made again after a pause, and from the second loss on the hub counts as away', () => {
    const once = [refused, lost] as const
    expect(after(opened(), ...once).effects).toEqual([leave, { type: 'pause', losses: 1 }])
    expect(after(opened(), ...once, { type: 'again' }).effects).toEqual([follow('s1', 'elected')])
    expect(after(opened(), ...once, { type: 'again' }, lost).effects).toEqual([
      leave,
      stream('down'),
      { type: 'pause', losses: 2 },
    ])
    const open: Event = { type: 'status', status: 'open' }
    expect(after(opened(), ...once, { type: 'again' }, open, lost).effects).toEqual([
      leave,
      { type: 'pause', losses: 1 },
    ])
  })
})

describe('a click on the button', () => {
  it('without access is a bounce', () => {
    const bounce: HubToClient = { isthmus, type: 'bounce' }
    expect(after(opened(UNLINKED), { type: 'access', given: false }).effects).toEqual([
      { type: 'tell', message: bounce },
    ])
  })

  it('with access links the partition, and shows its session at once', () => {
    const given: Event = { type: 'access', given: true }
    expect(after(opened(UNLINKED), given).effects).toEqual([{ type: 'link-by-click' }])
    const answer = signedIn()
    expect(after(opened(UNLINKED), given, { type: 'linked-by-click', answer }).effects).toEqual([
      push({ ...answer, carrier: 'none' }),
      { type: 'check', doubt: 'linked', otherwise: answer },
    ])
  })

  it('where nobody is signed in says so', () => {
    const answer = signedOut('none')
    expect(after(opened(UNLINKED), { type: 'linked-by-click', answer }).effects).toEqual([push(answer)])
  })
})

describe('the back-forward cache', () => {
  it('gets a page without workers, which follows again when it comes back', () => {
    expect(after(opened(), { type: 'hidden' }).effects).toEqual([LEAVE])
    expect(after(opened(), { type: 'hidden' }, { type: 'restored' }).effects).toEqual([follow()])
    expect(after(opened(signedOut()), { type: 'hidden' }, { type: 'restored' }).effects).toEqual([])
  })
})
