import { html } from 'hono/html'
import type { DeliveryState } from '../backchannel/deliveries.ts'
import { type Html, streamPage } from './page.ts'
import { STRINGS } from './strings.ts'

/** How the sign-out of one site went: `browser` where there is no server to be told. */
export type SiteResult = DeliveryState | 'browser'

/** A site's result, as soon as it is known. */
export interface SiteReport {
  readonly name: string
  readonly result: SiteResult
}

/**
 * The common page after sign-out. It is written on as the sites report, without a script: the line that says that
 * some are missing is hidden by the one that ends the list.
 */
export function signedOutPage(
  reports: AsyncGenerator<SiteReport> | undefined,
  back: { readonly name: string; readonly href: string } | undefined,
): Response {
  return streamPage(STRINGS.signedOutTitle, pieces())

  async function* pieces(): AsyncGenerator<Html> {
    yield html`<p>${STRINGS.signedOutText}</p>`
    if (reports) yield* list(reports)
    if (back) yield html`<p><a href="${back.href}">${STRINGS.backTo(back.name)}</a></p>`
  }
}

const TEXTS: Record<SiteResult, string> = {
  browser: STRINGS.siteInBrowser,
  confirmed: STRINGS.siteConfirmed,
  waiting: STRINGS.siteRetrying,
  retrying: STRINGS.siteRetrying,
  'given-up': STRINGS.siteGivenUp,
}

async function* list(reports: AsyncGenerator<SiteReport>): AsyncGenerator<Html> {
  yield html`<section aria-labelledby="sites"><h2 id="sites">${STRINGS.sitesTitle}</h2>
<p class="waiting" role="status">${STRINGS.sitesWaiting}</p>
<ul class="results" aria-live="polite">
`
  let missing = 0
  for await (const { name, result } of reports) {
    const isDone = result === 'browser' || result === 'confirmed'
    if (!isDone) missing += 1
    yield html`<li class="${isDone ? 'done' : 'open'}"><strong>${name}</strong> <span>${TEXTS[result]}</span></li>
`
  }
  yield html`</ul><p class="settled">${missing === 0 ? STRINGS.allConfirmed : STRINGS.notAllConfirmed}</p></section>`
}
