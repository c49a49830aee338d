import { OIDC_PATH } from '@isthmus/protocol'
import { html } from 'hono/html'
import { renderPage } from '../pages/page.ts'
import { STRINGS } from '../pages/strings.ts'
import type { OidcProvider } from './oidc-provider.ts'

/** Where the user says which provider to sign in with. */
export function chooserPage(providers: readonly OidcProvider[], pending: string | undefined): Promise<Response> {
  const links = providers.map(({ id, name = id }) => {
    const query = new URLSearchParams({ provider: id, ...(pending !== undefined && { isthmus: pending }) })
    return html`<li><a href="${OIDC_PATH}?${query}">${name}</a></li>`
  })
  return renderPage(200, STRINGS.chooserTitle, html`<ul class="choices">${links}</ul>`)
}
