import { ERRORS, type IsthmusError, sentenceOf } from '@isthmus/protocol'
import { html } from 'hono/html'
import { renderPage } from './page.ts'

/** Something is wrong with the address that brought the user here. */
export function errorPage(error: IsthmusError): Promise<Response> {
  return renderPage(
    ERRORS[error.code].status,
    'This link does not work',
    html`<p>${sentenceOf(error)}</p><p>Go back to where you came from and try again. Nothing was changed.</p><p><code>${error.code}</code></p>`,
  )
}

/** The common page after sign-out. */
export function signedOutPage(): Promise<Response> {
  return renderPage(
    200,
    'You are signed out',
    html`<p>Your session has ended on every site that uses this sign-in, in every open tab.</p>`,
  )
}

/** Asks before ending a session on behalf of somebody unknown. */
export function confirmLogoutPage(action: string, backTo: string | undefined): Promise<Response> {
  return renderPage(
    200,
    'Sign out everywhere?',
    html`<p>This ends your session on every site that uses this sign-in.</p>
<form method="post" action="${action}"><button>Sign out</button></form>`,
    backTo === undefined ? [] : [backTo],
  )
}
