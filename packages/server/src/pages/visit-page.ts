import { ENDPOINTS } from '@isthmus/protocol'
import { html } from 'hono/html'
import type { CheckedVisit } from '../visits/visit.ts'
import { renderPage } from './page.ts'
import { STRINGS } from './strings.ts'

/** Asks before a visit that another page than one of its site began. It says the same whoever asks. */
export function visitPage({ query, returnTo }: CheckedVisit): Promise<Response> {
  const { host } = new URL(returnTo)
  return renderPage(
    200,
    STRINGS.visitTitle(host),
    html`<p>${STRINGS.visitText(host)}</p>
<form method="post" action="${ENDPOINTS.confirmVisit.path}?${new URLSearchParams(query)}"><button>${STRINGS.doContinue}</button></form>
<p class="quiet">${STRINGS.visitAdvice}</p>`,
  )
}
