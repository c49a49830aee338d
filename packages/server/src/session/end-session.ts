import type { HubParts } from '../parts.ts'

/** Ends a session and tells the program; `false` if there is none that lives. Resolves when it is stored. */
export async function endSession(
  sid: string,
  reason: 'logout' | 'revoked',
  { sessions, events }: Pick<HubParts, 'sessions' | 'events'>,
): Promise<boolean> {
  const ended = await sessions.end(sid, reason)
  if (ended?.sub === undefined) return false
  events.emit('sign-out', { sid, sub: ended.sub, reason })
  return true
}
