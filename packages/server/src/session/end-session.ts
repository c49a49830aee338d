import type { HubParts } from '../parts.ts'
import type { Session } from './session.ts'

/** Sessions that are ended before those who follow them get their turn. */
const BATCH = 64

/** Ends many sessions; how many of them lived. The first streams are told while the last sessions wait. */
export async function endSessions(
  sids: readonly string[],
  reason: 'logout' | 'revoked',
  parts: Pick<HubParts, 'sessions' | 'events'>,
): Promise<number> {
  let count = 0
  for (let first = 0; first < sids.length; first += BATCH) {
    const batch = sids.slice(first, first + BATCH).map((sid) => endSession(sid, reason, parts))
    for (const ended of await Promise.all(batch)) if (ended) count += 1
    await new Promise((resolve) => setImmediate(resolve))
  }
  return count
}

/** Ends a session and tells the program; `undefined` if there is none that lives. Resolves when it is stored. */
export async function endSession(
  sid: string,
  reason: 'logout' | 'revoked',
  { sessions, events }: Pick<HubParts, 'sessions' | 'events'>,
): Promise<Session | undefined> {
  const ended = await sessions.end(sid, reason)
  if (ended?.sub === undefined) return undefined
  events.emit('sign-out', { sid, sub: ended.sub, reason })
  return ended
}
