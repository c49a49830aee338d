import { ENDPOINTS, ERRORS, type IsthmusError, sentenceOf } from '@isthmus/protocol'
import { html } from 'hono/html'
import { renderPage } from './page.ts'
import { STRINGS } from './strings.ts'

/** Something is wrong with the address that brought the user here. */
export function errorPage(error: IsthmusError): Promise<Response> {
  return renderPage(
    ERRORS[error.code].status,
    STRINGS.errorTitle,
    html`<p>${sentenceOf(error)}</p><p>${STRINGS.errorAdvice}</p><p><code>${error.code}</code></p>`,
  )
}

/** Asks before ending a session on behalf of somebody unknown. */
export function confirmLogoutPage(action: string, backTo: string | undefined): Promise<Response> {
  return renderPage(
    200,
    STRINGS.confirmTitle,
    html`<p>${STRINGS.confirmText}</p>
<form method="post" action="${action}"><button>${STRINGS.signOut}</button></form>`,
    { formTargets: backTo === undefined ? [] : [backTo] },
  )
}

/** Whoever comes to the signed-out page with a session that lives. */
export function stillSignedInPage(): Promise<Response> {
  return renderPage(
    200,
    STRINGS.stillInTitle,
    html`<p>${STRINGS.stillInText}</p>
<form class="row" method="post" action="${ENDPOINTS.confirmLogout.path}"><button>${STRINGS.signOutEverywhere}</button> <a href="${ENDPOINTS.account.path}">${STRINGS.toAccount}</a></form>`,
  )
}
