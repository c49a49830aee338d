import { ENDPOINTS } from '@isthmus/protocol'
import { html } from 'hono/html'
import type { Device } from '../requests/device.ts'
import type { SessionInfo } from '../session/session-info.ts'
import { FORGET_PAGE } from './forget-page.ts'
import { type Html, renderPage } from './page.ts'
import { relativeTime, timeElement } from './relative-time.ts'
import { STRINGS } from './strings.ts'

/** What the page shows. */
export interface Account {
  readonly current: SessionInfo
  readonly others: readonly SessionInfo[]
  /** What people call a site, by id; `undefined` for one that is registered no more. */
  readonly nameOf: (site: string) => string | undefined
  readonly now: number
}

/** A user's own sessions. Each form is a button of its own: works without JavaScript, and names what it ends. */
export function accountPage({ current, others, nameOf, now }: Account): Promise<Response> {
  return renderPage(
    200,
    STRINGS.accountTitle,
    html`<p>${STRINGS.accountUser} <strong>${userName(current)}</strong>.</p>
<p class="quiet">${STRINGS.accountText}</p>
<ul class="sessions">
${[current, ...others].map((session) => card(session, session === current))}
</ul>
${others.length === 0 ? html`<p class="quiet">${STRINGS.noOthers}</p>` : endOthers(others.length)}`,
    { script: FORGET_PAGE },
  )

  function card(session: SessionInfo, isCurrent: boolean): Html {
    const device = deviceName(session.device)
    const label = STRINGS.endNamed(device, relativeTime(session.createdAt, now))
    return html`<li${isCurrent ? html` class="current"` : ''}>
<h2>${icon(session.device)}${device}${isCurrent ? html` <span class="badge">${STRINGS.thisBrowser}</span>` : ''}</h2>
<dl>
<dt>${STRINGS.began}</dt><dd>${timeElement(session.createdAt, now)}</dd>
<dt>${STRINGS.lastSeen}</dt><dd>${timeElement(session.seenAt, now)}</dd>
${session.place === undefined ? '' : html`<dt>${STRINGS.place}</dt><dd>${session.place}</dd>`}
<dt>${STRINGS.sites}</dt><dd>${sitesOf(session)}</dd>
</dl>
<form method="post" action="${ENDPOINTS.endSessions.path}"><button class="quiet" name="end" value="${session.sid}" aria-label="${label}">${STRINGS.signOut}</button></form>
</li>`
  }

  function sitesOf({ sites }: SessionInfo): unknown {
    const known = sites.flatMap(({ site, lastAt }) => {
      const name = nameOf(site)
      return name === undefined ? [] : [html`<li>${name} <span class="quiet">${timeElement(lastAt, now)}</span></li>`]
    })
    return known.length === 0 ? STRINGS.noSites : html`<ul class="sites">${known}</ul>`
  }
}

/** An outline of the device, for the eye only: the name beside it says the same. */
function icon({ kind }: Device): Html {
  const shape =
    kind === 'mobile' || kind === 'tablet'
      ? html`<rect x="6" y="2.5" width="12" height="19" rx="2.5"/><path d="M10.5 18.5h3"/>`
      : html`<rect x="2.5" y="4" width="19" height="12.5" rx="2"/><path d="M8.5 20h7M12 16.5V20"/>`
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">${shape}</svg>`
}

function endOthers(count: number): Html {
  return html`<form class="row" method="post" action="${ENDPOINTS.endSessions.path}"><button name="end" value="others">${STRINGS.endOthers}</button> <span class="quiet">${STRINGS.othersText(count)}</span></form>`
}

/** The standard claims that name a person (OIDC Core §5.1), in the order in which people recognize themselves. */
function userName({ sub, claims }: SessionInfo): string {
  const names = [claims.name, claims.preferred_username, claims.email]
  return names.find((name): name is string => typeof name === 'string' && name !== '') ?? sub
}

function deviceName({ browser, system }: Device): string {
  if (browser && system) return STRINGS.deviceOn(browser, system)
  return browser ?? system ?? STRINGS.unknownDevice
}
