import { OIDC_PATH } from '@isthmus/protocol'
import { html } from 'hono/html'
import type { OidcProvider } from './oidc-provider.ts'

/** Where the user says which provider to sign in with. */
export async function chooserPage(providers: readonly OidcProvider[], pending: string | undefined): Promise<Response> {
  const links = providers.map(({ id, name = id }) => {
    const query = new URLSearchParams({ provider: id, ...(pending !== undefined && { isthmus: pending }) })
    return html`<li><a href="${OIDC_PATH}?${query}">${name}</a></li>`
  })
  const page = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in</title>
<h1>Sign in with</h1>
<ul>${links}</ul>
</html>`
  return new Response(String(await page), {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'no-referrer',
    },
  })
}
