import type { HubParts } from '../parts.ts'
import type { Session } from './session.ts'

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
