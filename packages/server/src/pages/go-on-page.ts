import { html } from 'hono/html'
import { renderPage } from './page.ts'
import { STRINGS } from './strings.ts'

/** A page that leads on by itself, without a form, a script or an entry of its own in the history. */
export function goOnPage(to: string): Promise<Response> {
  return renderPage(200, STRINGS.goOnTitle, html`<p><a href="${to}">${STRINGS.goOn}</a></p>`, { goTo: to })
}
