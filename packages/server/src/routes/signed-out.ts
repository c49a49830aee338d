import { DELIVERY_SHOWN_MS, DELIVERY_TIMEOUT_MS } from '@isthmus/protocol'
import type { DeliveryState } from '../backchannel/deliveries.ts'
import { stillSignedInPage } from '../pages/pages.ts'
import { type SiteReport, signedOutPage } from '../pages/signed-out-page.ts'
import type { HubParts } from '../parts.ts'
import { isLive, type Session } from '../session/session.ts'
import { createBell } from './bell.ts'

/** The page waits for a first attempt at every site, not for the second. */
const PATIENCE_MS = DELIVERY_TIMEOUT_MS + 1000

/**
 * `GET /signed-out`: the common page after sign-out, with the result of each site as it comes in. It ends nothing: to
 * reload it or to go back to it does no harm, also after the next sign-in.
 */
export async function visitSignedOut(request: Request, hub: HubParts): Promise<Response> {
  const session = await hub.carriers.ofBrowser(request)
  const now = hub.settings.clock()
  if (session && isLive(session, now)) return stillSignedInPage()
  // Not for whoever comes to this browser later.
  const isRecent = session?.end !== undefined && now < session.end.at + DELIVERY_SHOWN_MS
  const hasSites = isRecent && Object.keys(session.sites).length > 0
  const site = await hub.sites.byId(new URL(request.url).searchParams.get('site') ?? '')
  const back = site?.origins[0] && { name: site.name ?? site.id, href: site.origins[0] }
  return signedOutPage(hasSites ? reportsOf(session, hub) : undefined, back || undefined)
}

/** Every site of a session, in the order in which they are settled. */
async function* reportsOf(
  session: Session,
  { settings, deliveries, sites, closing }: HubParts,
): AsyncGenerator<SiteReport> {
  const bell = createBell()
  closing.addEventListener('abort', bell.ring)
  let isLate = false
  const stopTimer = settings.timer(PATIENCE_MS, () => {
    isLate = true
    bell.ring()
  })
  // Followed before the states are read: a change in between rings the bell.
  const unfollow = await deliveries.follow(session.sid, bell.ring)
  try {
    const missing = new Map<string, string>()
    for (const { id, name } of await sites.all()) {
      if (Object.hasOwn(session.sites, id)) missing.set(id, name ?? id)
    }
    for (;;) {
      const isOver = closing.aborted || isLate
      const states: ReadonlyMap<string, DeliveryState> = await deliveries.states(session.sid)
      for (const [id, name] of missing) {
        const result = states.get(id) ?? 'browser'
        if (result === 'waiting' && !isOver) continue
        missing.delete(id)
        yield { name, result }
      }
      if (missing.size === 0 || isOver) return
      await bell.wait()
    }
  } finally {
    stopTimer()
    closing.removeEventListener('abort', bell.ring)
    unfollow()
  }
}
