import { TOMBSTONE_LIFETIME_MS } from '@isthmus/protocol'
import type { Settings } from '../config/hub-config.ts'
import type { Write } from '../store/store.ts'
import { createPublicId, createSecret, sha256 } from './secrets.ts'
import { endOf, isLive, nextRevision, type Session } from './session.ts'
import type { Subject } from './subject.ts'

/** A successor chain longer than this is not followed: somebody signs in and out by a script. */
const CHAIN_LIMIT = 32

/** What a secret opens: a session, for the hub itself or for one site's partition. */
export interface Found {
  readonly session: Session
  /** The site whose partition holds the secret; absent for the hub's own cookie. */
  readonly site?: string
  /** Thumbprint of the key that must prove itself along with the secret (RFC 7638). */
  readonly key?: string
}

/** The sessions in the store. Every change of one is announced on its topic after it is stored. */
export interface Sessions {
  get(sid: string): Promise<Session | undefined>
  /** The session that a secret opens, live or not. */
  find(secret: string): Promise<Found | undefined>
  /** Follows successors to the session that the browser has now. */
  head(session: Session): Promise<Session>
  /** Begins a session with a new id and a new secret; the one before it, if any, ends and points to the new one. */
  begin(subject: Subject | undefined, previous?: Session): Promise<{ session: Session; secret: string }>
  /** Another secret for the same session, good for one site's partition only; with `key`: only together with its proof. */
  branch(session: Session, site: string, key?: string): Promise<string>
  /** Pushes the idle end away; `undefined` if the session is over. */
  touch(sid: string): Promise<Session | undefined>
  /** Makes what is known of a session newer than a given revision: it takes the place of another one in a partition. */
  overtake(session: Session, revision: number): Promise<Session>
  /** Ends a session. Resolves when that is stored; `undefined` if there is none that lives. */
  end(sid: string, reason: 'logout' | 'revoked'): Promise<Session | undefined>
  /** The live sessions of a user. */
  list(sub: string): Promise<readonly Session[]>
  /** Calls back at every change of a session, in whichever process it happens. */
  follow(sid: string, listener: () => void): Promise<() => void>
}

const sessionKey = (sid: string): string => `session/${sid}`
const secretKey = (secret: string): string => `secret/${sha256(secret)}`
const subjectPrefix = (sub: string): string => `subject/${sha256(sub)}/`

export function createSessions({ store, clock, idleMs, absoluteMs }: Settings): Sessions {
  async function read(sid: string): Promise<{ session: Session; version: string } | undefined> {
    const stored = await store.get(sessionKey(sid))
    return stored && { session: JSON.parse(stored.value) as Session, version: stored.version }
  }

  async function get(sid: string): Promise<Session | undefined> {
    return (await read(sid))?.session
  }

  function put(session: Session, ifVersion: string | null): Write {
    const expiresAt = Math.max(session.expiresAt, session.end?.at ?? 0) + TOMBSTONE_LIFETIME_MS
    return { put: sessionKey(session.sid), value: JSON.stringify(session), expiresAt, ifVersion }
  }

  /** Changes a session by compare and set; `change` gives `undefined` to leave it. */
  async function update(sid: string, change: (session: Session) => Session | undefined): Promise<Session | undefined> {
    for (;;) {
      const found = await read(sid)
      const changed = found && change(found.session)
      if (!changed) return undefined
      if (await store.write([put(changed, found.version)])) {
        await store.publish(sessionKey(sid))
        return changed
      }
    }
  }

  function end(session: Session, reason: 'logout' | 'revoked'): Session {
    const now = clock()
    return { ...session, end: { reason, at: now }, revision: nextRevision(session, now) }
  }

  return {
    get,

    async find(secret) {
      const stored = await store.get(secretKey(secret))
      if (!stored) return undefined
      const { sid, ...binding } = JSON.parse(stored.value) as { sid: string; site?: string; key?: string }
      const session = await get(sid)
      return session && { session, ...binding }
    },

    async head(session) {
      let head = session
      for (let hops = 0; head.successor !== undefined && hops < CHAIN_LIMIT; hops++) {
        const next = await get(head.successor)
        if (!next) break
        head = next
      }
      return head
    },

    async begin(subject, previous) {
      for (;;) {
        const now = clock()
        const before = previous && (await read(previous.sid))
        const expiresAt = now + absoluteMs
        const session: Session = {
          sid: createPublicId(),
          ...(subject && { sub: subject.sub }),
          claims: subject?.claims ?? {},
          groups: subject?.groups ?? [],
          createdAt: now,
          expiresAt,
          idleExpiresAt: subject ? Math.min(now + idleMs, expiresAt) : expiresAt,
          revision: nextRevision(before?.session, now),
        }
        const secret = createSecret()
        const forgetAt = expiresAt + TOMBSTONE_LIFETIME_MS
        const steps: Write[] = [
          put(session, null),
          { put: secretKey(secret), value: JSON.stringify({ sid: session.sid }), expiresAt: forgetAt },
        ]
        if (subject) steps.push({ put: subjectPrefix(subject.sub) + session.sid, value: '""', expiresAt })
        if (before) {
          const over = endOf(before.session, now) ? before.session : end(before.session, 'logout')
          steps.push(put({ ...over, successor: session.sid }, before.version))
        }
        if (!(await store.write(steps))) continue
        if (before) await store.publish(sessionKey(before.session.sid))
        return { session, secret }
      }
    },

    async branch(session, site, key) {
      const secret = createSecret()
      const expiresAt = session.expiresAt + TOMBSTONE_LIFETIME_MS
      await store.write([{ put: secretKey(secret), value: JSON.stringify({ sid: session.sid, site, key }), expiresAt }])
      return secret
    },

    touch(sid) {
      return update(sid, (session) => {
        const now = clock()
        if (!isLive(session, now)) return undefined
        return {
          ...session,
          idleExpiresAt: Math.min(now + idleMs, session.expiresAt),
          revision: nextRevision(session, now),
        }
      })
    },

    async overtake({ sid, ...known }, revision) {
      const changed = await update(sid, (session) => ({
        ...session,
        revision: Math.max(nextRevision(session, clock()), revision + 1),
      }))
      return changed ?? { sid, ...known }
    },

    end(sid, reason) {
      return update(sid, (session) => (isLive(session, clock()) ? end(session, reason) : undefined))
    },

    async list(sub) {
      const prefix = subjectPrefix(sub)
      const sids = (await store.keys(prefix)).map((key) => key.slice(prefix.length))
      const sessions = await Promise.all(sids.map(get))
      return sessions.filter((session): session is Session => session !== undefined && isLive(session, clock()))
    },

    follow: (sid, listener) => store.subscribe(sessionKey(sid), listener),
  }
}
