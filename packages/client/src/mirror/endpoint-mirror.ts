import { IsthmusError, MIRROR_PATH } from '@isthmus/protocol'
import { tokens } from '../session/tokens.ts'
import type { Mirror, OpenMirror } from './mirror.ts'

/** Says that this browser may hold a mirrored token; the cookie itself is HttpOnly. */
const MARK = 'isthmus:mirrored'

/**
 * A mirror at the site's own back end: the page hands it the token, and it keeps that in an HttpOnly cookie (`@isthmus/site`).
 * `path`: where on this site; default `/isthmus/mirror`.
 *
 * @throws `IsthmusError` `config-invalid` if `path` leads to another origin.
 * @example
 * createSession({ hub: 'https://auth.example.com', mirror: endpointMirror() })
 */
export function endpointMirror(path: string = MIRROR_PATH): Mirror {
  return {
    on: tokens,
    open() {
      const url = new URL(path, location.href)
      if (url.origin === location.origin) return mirrorAtEndpoint(url.href)
      throw new IsthmusError('config-invalid', `endpointMirror: give a path of this site, not ${JSON.stringify(path)}.`)
    },
  }
}

/**
 * The site's own back end, which verifies the token and keeps it in an HttpOnly cookie. One request at a time,
 * and the last word is sent last: a token that is still under way never arrives after the news that its session is over.
 */
export function mirrorAtEndpoint(url: string): OpenMirror {
  /** The token that should be there; `null`: none. */
  let wanted: string | null | undefined
  let settled: string | null | undefined
  let sending = false
  let complained = false

  async function settle(): Promise<void> {
    if (sending) return
    sending = true
    let isSent = false
    while (settled !== wanted) {
      const token = wanted as string | null
      const refusal = await send(url, token)
      if (refusal === undefined) {
        settled = token
        isSent = true
        mark(token)
      }
      // A token whose session ended on its way is refused, and by now nobody wants it.
      else if (wanted === token) {
        // Whatever the hub says next is the next occasion.
        if (!complained) {
          console.warn(`isthmus: ${url} did not take the token: ${refusal}. Is the mirror of @isthmus/site there?`)
        }
        complained = true
        break
      }
    }
    sending = false
    // From here on the server can draw the page anew.
    if (isSent && settled === wanted) document.dispatchEvent(new CustomEvent('isthmus:mirrored'))
  }

  return {
    // The page cannot read it; the back end can, and renders accordingly.
    read: () => undefined,
    keep(token) {
      wanted = token
      void settle()
    },
    clear() {
      // Most visitors of most pages have never signed in: nobody needs to be told.
      if (wanted === undefined && !isMarked()) return
      wanted = null
      void settle()
    },
  }
}

/** Gives why it was not taken. */
async function send(url: string, token: string | null): Promise<string | undefined> {
  const body =
    token === null ? {} : { body: JSON.stringify({ token }), headers: { 'content-type': 'application/json' } }
  // keepalive: a page that leaves right after signing out still says so.
  return fetch(url, { method: token === null ? 'DELETE' : 'POST', ...body, keepalive: true, redirect: 'manual' }).then(
    ({ ok, status, type }) => {
      if (ok) return undefined
      // A server that adds or takes away the last slash, mostly.
      return type === 'opaqueredirect' ? 'it redirects, and a token is not sent on' : `it answered ${status}`
    },
    () => 'there was no answer',
  )
}

// A user may have switched storage off: every use can throw.

function mark(token: string | null): void {
  try {
    if (token === null) localStorage.removeItem(MARK)
    else localStorage.setItem(MARK, '1')
  } catch {}
}

function isMarked(): boolean {
  try {
    return localStorage.getItem(MARK) !== null
  } catch {
    return true
  }
}
