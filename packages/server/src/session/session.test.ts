import type { SiteState } from '@isthmus/protocol'
import { expect, describe as group, it } from 'vitest'
import { siteSchema } from '../config/site.ts'
import {
  admits,
  describe,
  ended as endedSession,
  endOf,
  isLive,
  nextRevision,
  revisionAt,
  type Session,
} from './session.ts'

const T = 1_000_000
const site = siteSchema.parse({ id: 'shop', origins: ['https://shop.example'], claims: ['name', 'absent'] })
const staff = siteSchema.parse({ ...site, id: 'staff', groups: { anyOf: ['staff'] } })

/** A session that began at T, runs idle at T + 100 and out at T + 1000. */
function session(changes: Partial<Session> = {}): Session {
  return {
    sid: 'one',
    sub: 'customer',
    claims: { name: 'Customer', email: 'customer@mail.example', sub: 'somebody else' },
    groups: ['customers'],
    createdAt: T,
    expiresAt: T + 1000,
    idleExpiresAt: T + 100,
    revision: T,
    seenAt: T,
    device: { browser: 'Firefox' },
    place: 'Berlin',
    sites: { shop: { firstAt: T, lastAt: T } },
    ...changes,
  }
}
const guest = (changes: Partial<Session> = {}): Session => {
  const { sub: _, ...rest } = session({ sid: 'guest', claims: {}, groups: [], idleExpiresAt: T + 1000 })
  return { ...rest, ...changes }
}
const ended = (reason: 'logout' | 'revoked', revision = T + 7): Partial<Session> => ({
  end: { reason, at: T + 7 },
  revision,
})
const signedOut = (reason: string, revision: number): object => ({ status: 'signed-out', reason, revision })
const unlinked = (revision: number): object => ({ status: 'unlinked', revision })
const times = { sid: 'one', expiresAt: T + 1000, idleExpiresAt: T + 100, revision: T }

interface Case {
  readonly session: Session
  readonly at?: number
  readonly says: object
}

const cases: Record<string, Case> = {
  'a live session': {
    session: session(),
    says: { status: 'signed-in', access: 'granted', ...times, user: { sub: 'customer', name: 'Customer' } },
  },
  'a live session, in its last millisecond': {
    session: session(),
    at: T + 99,
    says: { status: 'signed-in', access: 'granted', ...times, user: { sub: 'customer', name: 'Customer' } },
  },
  'a live session without claims': {
    session: session({ claims: {} }),
    says: { status: 'signed-in', access: 'granted', ...times, user: { sub: 'customer' } },
  },
  'run idle': { session: session(), at: T + 100, says: signedOut('idle', T + 100) },
  'run idle a while ago': { session: session(), at: T + 999, says: signedOut('idle', T + 100) },
  'run out': { session: session({ idleExpiresAt: T + 1000 }), at: T + 1000, says: signedOut('expired', T + 1000) },
  'run idle, and past its absolute end since': { session: session(), at: T + 1000, says: signedOut('idle', T + 100) },
  'run idle, with a revision ahead of the clock': {
    session: session({ revision: T + 100 }),
    at: T + 100,
    says: signedOut('idle', T + 101),
  },
  'signed out': { session: session(ended('logout')), at: T + 8, says: signedOut('logout', T + 7) },
  revoked: { session: session(ended('revoked')), at: T + 8, says: signedOut('revoked', T + 7) },
  'signed out, and run out since': {
    session: session(ended('logout')),
    at: T + 2000,
    says: signedOut('logout', T + 7),
  },
  'a guest': { session: guest(), says: signedOut('none', T) },
  'a guest that ran out': { session: guest(), at: T + 1000, says: signedOut('none', T + 1000) },
  'a guest who signed in': { session: guest({ successor: 'two' }), at: T + 60, says: unlinked(T) },
  'an old session whose browser has another user': {
    session: session({ ...ended('logout'), successor: 'two' }),
    at: T + 60,
    says: unlinked(T + 7),
  },
  'an old session that ran idle before its browser got another user': {
    session: session({ successor: 'two' }),
    at: T + 150,
    says: unlinked(T + 100),
  },
}

group('what one site is told of', () => {
  it.each(Object.entries(cases))('%s', (_, { session, at = T + 1, says }) => {
    expect(describe(session, site, at)).toEqual(says)
  })

  it('a user whom its groups do not admit: the subject alone', () => {
    const says = { status: 'signed-in', access: 'denied', ...times, user: { sub: 'customer' } }
    expect(describe(session(), staff, T)).toEqual(says)
  })

  it('of a user whom groups keep out: never a claim, whatever the rules and however the session stands', () => {
    const rules = [{ anyOf: ['staff'] }, { allOf: ['customers', 'staff'] }, { anyOf: ['customers'], allOf: ['staff'] }]
    for (const groups of rules) {
      const zone = siteSchema.parse({ ...site, claims: ['name', 'email'], groups })
      for (const { session, at = T + 1 } of Object.values(cases)) {
        const state = describe(session, zone, at)
        expect(state).not.toMatchObject({ access: 'granted' })
        expect(JSON.stringify(state)).not.toMatch(/Customer|Clerk|mail/)
      }
    }
  })

  it('anybody but a live session: nobody’s name', () => {
    for (const { session, at = T + 1 } of Object.values(cases)) {
      const state: SiteState = describe(session, site, at)
      if (state.status !== 'signed-in') expect(JSON.stringify(state)).not.toMatch(/customer|clerk|Customer|Clerk/)
    }
  })
})

group('groups', () => {
  const of = (groups: object) => siteSchema.parse({ ...site, groups })
  it.each<[object, string[], boolean]>([
    [{}, [], true],
    [{ anyOf: ['a', 'b'] }, [], false],
    [{ anyOf: ['a', 'b'] }, ['b'], true],
    [{ anyOf: ['a'] }, ['A', 'aa'], false],
    [{ allOf: ['a', 'b'] }, ['b'], false],
    [{ allOf: ['a', 'b'] }, ['b', 'c', 'a'], true],
    [{ anyOf: ['a'], allOf: ['b'] }, ['a'], false],
    [{ anyOf: ['a'], allOf: ['b'] }, ['a', 'b'], true],
  ])('%j admit %j: %s', (rules, groups, admitted) => {
    expect(admits(of(rules), groups)).toBe(admitted)
  })

  it('that a site does not ask for admit everybody', () => {
    expect(admits(site, [])).toBe(true)
  })
})

group('the end', () => {
  it('that was written down wins over the clock', () => {
    expect(endOf(session(ended('revoked')), T + 5000)).toEqual({ reason: 'revoked', at: T + 7 })
    expect(endOf(session(), T + 99)).toBeUndefined()
  })

  it('is not that of a guest: a guest is signed out all along', () => {
    expect(isLive(guest(), T)).toBe(false)
    expect(isLive(session(), T)).toBe(true)
    expect(isLive(session(), T + 100)).toBe(false)
  })
})

group('what is kept after the end', () => {
  it.each(['logout', 'revoked'] as const)(
    '%s: why, when and where, but nothing that is known of the user',
    (reason) => {
      const over = endedSession(session(), reason, T + 9)
      expect(over).toEqual({
        ...session({ claims: {}, groups: [], device: {}, revision: T + 9, end: { reason, at: T + 9 } }),
        place: undefined,
      })
      expect(Object.keys(over)).not.toContain('place')
    },
  )

  it.each([
    ['idle', session(), T + 100, T + 500],
    ['expired', session({ idleExpiresAt: T + 1000 }), T + 1000, T + 1000],
    ['idle', session({ revision: T + 100 }), T + 100, T + 2000],
  ])('%s: the same is told before and after it is written down', (reason, before, at, now) => {
    const over = endedSession(before, undefined, now)
    expect(over.end).toEqual({ reason, at })
    expect(describe(over, site, now)).toEqual(describe(before, site, now))
    expect(nextRevision(over, now)).toBe(nextRevision(before, now))
  })
})

group('a revision', () => {
  it.each<[string, Session | undefined, number, number]>([
    ['begins with the clock', undefined, T, T],
    ['follows the clock', session(), T + 40, T + 40],
    ['grows within one millisecond', session(), T, T + 1],
    ['grows when the clock was set back', session(), T - 500, T + 1],
    ['is later than an expiry that nobody wrote down', session(), T + 100, T + 101],
    ['is later than an end', session(ended('logout', T + 9)), T + 9, T + 10],
  ])('%s', (_, before, now, next) => {
    expect(nextRevision(before, now)).toBe(next)
    if (before) expect(nextRevision(before, now)).toBeGreaterThan(revisionAt(before, now))
  })
})
