import { timingSafeEqual } from 'node:crypto'
import { GUEST_LIFETIME_MS } from '@isthmus/protocol'
import { createSharedKey } from '../store/shared-key.ts'
import type { Clock, Store, Write } from '../store/store.ts'
import { sha256 } from './secrets.ts'
import type { Session } from './session.ts'

/**
 * Browsers that are signed out and were linked, so that their partitions can be told of a sign-in.
 *
 * Nothing is stored of them:
 * 1. The browser keeps a random value in a Lax cookie, which no frame sends. Its hash names the guest.
 * 2. A partition keeps a carrier that names the guest, the time and, by a MAC of the hub, the site (and the key).
 * 3. Only the sign-in of that browser writes one entry, "this guest has moved on to that session", for as long as such
 *    a carrier is good: an hour. Then the partition is linked anew, which heals where the browser has lost its cookie.
 */
export interface Guests {
  /** The guest of a browser, as a session that has no user and stands in no store. */
  find(id: string): Promise<Session>
  /** A carrier for one site's partition; with `key`: good only together with its proof. */
  branch(guest: Session, site: string, key?: string): Promise<string>
  /** The guest whom a carrier names; `undefined` if it is none of this site and key, or too old. */
  open(carrier: string, site: string, key?: string): Promise<Session | undefined>
}

const NAME_BYTES = 10
const TIME_BYTES = 6
const MAC_BYTES = 16

const movedKey = (id: string): string => `guest/${id}`

/** The public name of a guest, from the secret that its browser keeps. */
export function guestIdOf(secret: string): string {
  return Buffer.from(sha256(secret), 'base64url').subarray(0, NAME_BYTES).toString('base64url')
}

/** The step that tells a guest's partitions that the browser went on with a session. */
export function moveGuestOn(id: string, sid: string, now: number): Write {
  return { put: movedKey(id), value: JSON.stringify(sid), expiresAt: now + GUEST_LIFETIME_MS }
}

export function createGuests(store: Store, clock: Clock): Guests {
  const sign = createSharedKey(store, 'hub/guest-key')

  async function macOf(head: Buffer, site: string, key = ''): Promise<Buffer> {
    return (await sign(`${head.toString('base64url')} ${site} ${key}`)).subarray(0, MAC_BYTES)
  }

  async function guest(id: string, since: number): Promise<Session> {
    const moved = await store.get(movedKey(id))
    const expiresAt = since + GUEST_LIFETIME_MS
    return {
      sid: id,
      claims: {},
      groups: [],
      createdAt: since,
      expiresAt,
      idleExpiresAt: expiresAt,
      revision: since,
      seenAt: since,
      device: {},
      sites: {},
      ...(moved && { successor: JSON.parse(moved.value) as string }),
    }
  }

  return {
    find: (id) => guest(id, clock()),

    async branch({ sid, revision }, site, key) {
      const head = Buffer.alloc(TIME_BYTES + NAME_BYTES)
      head.writeUIntBE(revision, 0, TIME_BYTES)
      head.set(Buffer.from(sid, 'base64url'), TIME_BYTES)
      return Buffer.concat([head, await macOf(head, site, key)]).toString('base64url')
    },

    async open(carrier, site, key) {
      const bytes = Buffer.from(carrier, 'base64url')
      if (bytes.length !== TIME_BYTES + NAME_BYTES + MAC_BYTES) return undefined
      const head = bytes.subarray(0, TIME_BYTES + NAME_BYTES)
      if (!timingSafeEqual(bytes.subarray(head.length), await macOf(head, site, key))) return undefined
      const since = head.readUIntBE(0, TIME_BYTES)
      const id = head.subarray(TIME_BYTES).toString('base64url')
      return clock() < since + GUEST_LIFETIME_MS ? guest(id, since) : undefined
    },
  }
}
