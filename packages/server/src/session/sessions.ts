import { isDeepStrictEqual } from 'node:util'
import { FRAME_TIMEOUT_MS, SITE_SEEN_INTERVAL_MS, TOMBSTONE_LIFETIME_MS, TOUCH_INTERVAL_MS } from '@isthmus/protocol'
import { type Due, dropTask, putTask, secondOf } from '../agenda/agenda.ts'
import type { Deliveries } from '../backchannel/deliveries.ts'
import type { Settings } from '../config/hub-config.ts'
import type { Site } from '../config/site.ts'
import type { Device } from '../requests/device.ts'
import { createNewest } from '../store/newest.ts'
import { createParser } from '../store/parse-once.ts'
import type { Write } from '../store/store.ts'
import { moveGuestOn } from './guests.ts'
import { createPublicId, createSecret, sha256 } from './secrets.ts'
import { admits, ended, endOf, isLive, nextRevision, type Session } from './session.ts'
import type { Subject, SubjectChange } from './subject.ts'

/** Word before the tasks of sessions on the agenda. */
export const SESSION_TASK = 'session'

/** What a secret opens: a session, for the hub itself or for one site's partition. */
export interface Found {
  readonly session: Session
  /** The site whose partition holds the secret; absent for the hub's own cookie. */
  readonly site?: string
  /** Thumbprint of the key that must prove itself along with the secret (RFC 7638). */
  readonly key?: string
}

/** What is known of the browser that begins a session. */
export interface Surroundings {
  /** The guest that it was before. */
  readonly guest?: string | undefined
  readonly device?: Device
  readonly place?: string | undefined
}

/** The sessions in the store. Every change of one is announced on its topic after it is stored. */
export interface Sessions {
  get(sid: string): Promise<Session | undefined>
  /** The session that a secret opens, live or not. */
  find(secret: string): Promise<Found | undefined>
  /** Begins a session with a new id and a new secret; the one before it, if any, ends and points to the new one. */
  begin(
    subject: Subject,
    previous?: Session,
    surroundings?: Surroundings,
  ): Promise<{ session: Session; secret: string }>
  /** Another secret for the same session, good for one site's partition only; with `key`: only together with its proof. */
  branch(session: Session, site: string, key?: string): Promise<string>
  /**
   * Notes that a site is told of the session, before it is told: the site's back end then hears of its end. Written once
   * per session and site, and again when "last seen" has grown old. Gives the session as it is now, live or not.
   */
  noteSite(session: Session, site: Site): Promise<Session>
  /** Pushes the idle end away, unless that was done a moment ago; `undefined` if the session is over. */
  touch(sid: string): Promise<Session | undefined>
  /** Makes what is known of a session newer than a given revision: it takes the place of another one in a partition. */
  overtake(session: Session, revision: number): Promise<Session>
  /** Ends a session. Resolves when that is stored; `undefined` if there is none that lives. */
  end(sid: string, reason: 'logout' | 'revoked'): Promise<Session | undefined>
  /** Changes what is known of the user; `undefined` if the session is over. */
  update(sid: string, change: SubjectChange): Promise<Session | undefined>
  /** Called when the agenda says that a session may have run out: writes its end down, or looks again later. */
  review(due: Due): Promise<void>
  /** The live sessions of a user. */
  list(sub: string): Promise<readonly Session[]>
  /** All sessions of a user that the store still knows, those that ended too. */
  listKept(sub: string): Promise<readonly Session[]>
  /** Takes away what names the user in a session that has ended. */
  forget(sid: string): Promise<void>
  /** Calls back at every change of a session, in whichever process it happens. */
  follow(sid: string, listener: () => void): Promise<() => void>
}

/** In the place of a user who was erased: no user has an empty id. */
const ERASED = ''

const sessionKey = (sid: string): string => `session/${sid}`
const secretKey = (secret: string): string => `secret/${sha256(secret)}`
const subjectPrefix = (sub: string): string => `subject/${sha256(sub)}/`

/** The step that has a session looked at when it may have run out. It is not moved at every touch, but when its time has come. */
function taskOf({ sid, idleExpiresAt, expiresAt }: Session): Write {
  const due = { task: `${SESSION_TASK}/${sid}`, second: secondOf(Math.min(idleExpiresAt, expiresAt)) }
  return putTask(due, expiresAt + TOMBSTONE_LIFETIME_MS)
}

/** What a secret is good for. It is written once, and never changes. */
interface Binding {
  readonly sid: string
  readonly site?: string
  readonly key?: string
}

/** Secrets whose bindings are kept; the others are read from the store. */
const BINDINGS_KEPT = 10_000

/** A session as it was read, with the version that a change of it is compared with. */
interface Kept {
  readonly session: Session
  readonly version: string
}

/** The former session of a browser that signs in anew. */
function overAt(session: Session, now: number): Session {
  if (session.end) return session
  return ended(session, endOf(session, now) ? undefined : 'logout', now)
}

export function createSessions(
  { store, clock, idleMs, absoluteMs }: Settings,
  deliveries: Pick<Deliveries, 'prepare'>,
): Sessions {
  /** A browser touches once a minute; the one request may be on its way for longer than the next. */
  const touchRestMs = Math.min(TOUCH_INTERVAL_MS - FRAME_TIMEOUT_MS, idleMs / 2)

  const parsed = createParser((text) => JSON.parse(text) as Session)

  const bindings = createNewest<Binding>(BINDINGS_KEPT)

  /** Only the session itself is asked for every time: when it is forgotten, so are its secrets. */
  async function bindingOf(key: string): Promise<Binding | undefined> {
    const stored = await store.get(key)
    if (!stored) return undefined
    const binding = JSON.parse(stored.value) as Binding
    bindings.set(key, binding)
    return binding
  }

  async function read(sid: string): Promise<Kept | undefined> {
    const stored = await store.get(sessionKey(sid))
    return stored && { session: parsed(sid, stored), version: stored.version }
  }

  async function get(sid: string): Promise<Session | undefined> {
    return (await read(sid))?.session
  }

  function put(session: Session, ifVersion: string | null): Write {
    const expiresAt = Math.max(session.expiresAt, session.end?.at ?? 0) + TOMBSTONE_LIFETIME_MS
    return { put: sessionKey(session.sid), value: JSON.stringify(session), expiresAt, ifVersion }
  }

  /** Changes a session by compare and set; `next` gives `undefined` to leave it. */
  async function change(sid: string, next: (session: Session) => Session | undefined): Promise<Session | undefined> {
    for (;;) {
      const found = await read(sid)
      const changed = found && next(found.session)
      if (!changed) return undefined
      if (await replace(found, changed)) return changed
    }
  }

  /**
   * Writes what a session has become, with the steps that belong to the same moment: all or nothing. A session that ends
   * takes its deliveries along. `false`: it has changed since it was read.
   */
  async function replace(found: Kept, next: Session, more: readonly Write[] = []): Promise<boolean> {
    const farewell = next.end && !found.session.end ? await deliveries.prepare(next) : undefined
    if (!(await store.write([put(next, found.version), ...more, ...(farewell?.steps ?? [])]))) return false
    if (next.revision !== found.session.revision) await store.publish(sessionKey(next.sid))
    farewell?.send()
    return true
  }

  async function listKept(sub: string): Promise<readonly Session[]> {
    const prefix = subjectPrefix(sub)
    const sids = (await store.keys(prefix)).map((key) => key.slice(prefix.length))
    const sessions = await Promise.all(sids.map(get))
    return sessions.filter((session): session is Session => session !== undefined)
  }

  return {
    get,

    async find(secret) {
      const key = secretKey(secret)
      const binding = bindings.get(key) ?? (await bindingOf(key))
      const found = binding && (await read(binding.sid))
      return found && Object.assign({ session: found.session }, binding)
    },

    async begin(subject, previous, { guest, device = {}, place } = {}) {
      for (;;) {
        const now = clock()
        const before = previous && (await read(previous.sid))
        const expiresAt = now + absoluteMs
        const session: Session = {
          sid: createPublicId(),
          sub: subject.sub,
          claims: subject.claims ?? {},
          groups: subject.groups ?? [],
          createdAt: now,
          expiresAt,
          idleExpiresAt: Math.min(now + idleMs, expiresAt),
          revision: nextRevision(before?.session, now),
          seenAt: now,
          device,
          ...(place !== undefined && { place }),
          sites: {},
        }
        const { sid } = session
        const secret = createSecret()
        const forgetAt = expiresAt + TOMBSTONE_LIFETIME_MS
        const steps: Write[] = [
          put(session, null),
          { put: secretKey(secret), value: JSON.stringify({ sid }), expiresAt: forgetAt },
          { put: subjectPrefix(subject.sub) + sid, value: '""', expiresAt: forgetAt },
          taskOf(session),
          ...(guest === undefined ? [] : [moveGuestOn(guest, sid, now)]),
        ]
        const isBegun = before
          ? await replace(before, { ...overAt(before.session, now), successor: sid }, steps)
          : await store.write(steps)
        if (isBegun) return { session, secret }
      }
    },

    async branch(session, site, key) {
      const secret = createSecret()
      const expiresAt = session.expiresAt + TOMBSTONE_LIFETIME_MS
      await store.write([{ put: secretKey(secret), value: JSON.stringify({ sid: session.sid, site, key }), expiresAt }])
      return secret
    },

    async noteSite(session, site) {
      const noted = (before: Session): Session | undefined => {
        const now = clock()
        const known = Object.hasOwn(before.sites, site.id) ? before.sites[site.id] : undefined
        if (!isLive(before, now) || !admits(site, before.groups)) return undefined
        if (known && now < known.lastAt + SITE_SEEN_INTERVAL_MS) return undefined
        const use = { firstAt: known?.firstAt ?? now, lastAt: now }
        // No revision: what sites are told does not change.
        return { ...before, sites: { ...before.sites, [site.id]: use } }
      }
      if (!noted(session)) return session
      return (await change(session.sid, noted)) ?? (await get(session.sid)) ?? session
    },

    async touch(sid) {
      let fresh: Session | undefined
      const touched = await change(sid, (session) => {
        const now = clock()
        fresh = undefined
        if (!isLive(session, now)) return undefined
        if (now < session.seenAt + touchRestMs) {
          fresh = session
          return undefined
        }
        return {
          ...session,
          idleExpiresAt: Math.min(now + idleMs, session.expiresAt),
          seenAt: now,
          revision: nextRevision(session, now),
        }
      })
      return touched ?? fresh
    },

    async overtake({ sid, ...known }, revision) {
      const changed = await change(sid, (session) => ({
        ...session,
        revision: Math.max(nextRevision(session, clock()), revision + 1),
      }))
      return changed ?? { sid, ...known }
    },

    end(sid, reason) {
      return change(sid, (session) => {
        const now = clock()
        return isLive(session, now) ? ended(session, reason, now) : undefined
      })
    },

    async update(sid, { groups, claims }) {
      let same: Session | undefined
      const changed = await change(sid, (session) => {
        const now = clock()
        same = undefined
        if (!isLive(session, now)) return undefined
        const next = { ...session, groups: groups ?? session.groups, claims: claims ?? session.claims }
        if (isDeepStrictEqual(next, session)) {
          same = session
          return undefined
        }
        return { ...next, revision: nextRevision(session, now) }
      })
      return changed ?? same
    },

    async review(due) {
      for (;;) {
        const now = clock()
        const sid = due.task.slice(SESSION_TASK.length + 1)
        const found = await read(sid)
        if (!found || found.session.end) return void (await store.write([dropTask(due)]))
        const { session } = found
        if (isLive(session, now)) return void (await store.write([dropTask(due), taskOf(session)]))
        if (await replace(found, ended(session, undefined, now), [dropTask(due)])) return
      }
    },

    async list(sub) {
      return (await listKept(sub)).filter((session) => isLive(session, clock()))
    },

    listKept,

    async forget(sid) {
      // One that has run out is ended first, under its user's name: sites are told of that.
      await change(sid, (session) => {
        const now = clock()
        return session.end || isLive(session, now) ? undefined : ended(session, undefined, now)
      })
      let index: string | undefined
      await change(sid, (session) => {
        index = session.end && session.sub ? subjectPrefix(session.sub) + sid : undefined
        return index === undefined ? undefined : { ...session, sub: ERASED }
      })
      if (index !== undefined) await store.write([{ delete: index }])
    },

    follow: (sid, listener) => store.subscribe(sessionKey(sid), listener),
  }
}
