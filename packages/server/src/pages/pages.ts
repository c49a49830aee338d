import { ENDPOINTS, ERRORS, type IsthmusError, sentenceOf } from '@isthmus/protocol'
import { html } from 'hono/html'
import type { WayBack } from '../visits/way-back.ts'
import { renderPage } from './page.ts'
import { STRINGS } from './strings.ts'

/** Something is wrong with the address that brought the user here. `back`: the registered site it came from, as far as that is known. */
export function errorPage(error: IsthmusError, back?: WayBack): Promise<Response> {
  return renderPage(
    ERRORS[error.code].status,
    STRINGS.errorTitle,
    html`<p>${sentenceOf(error)}</p><p>${STRINGS.errorAdvice}</p><p><code>${error.code}</code></p>${back && html`<p><a href="${back.href}">${STRINGS.backTo(back.name)}</a></p>`}`,
  )
}

/** Asks before ending a session on behalf of somebody unknown. */
export function confirmLogoutPage(action: string): Promise<Response> {
  return renderPage(
    200,
    STRINGS.confirmTitle,
    html`<p>${STRINGS.confirmText}</p>
<form method="post" action="${action}"><button>${STRINGS.signOut}</button></form>`,
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
