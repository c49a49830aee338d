import { LOGOUT_EVENT } from '@isthmus/protocol'
import { cureOf, type Notes, probe, strangerOf } from './examine.ts'

const encode = (value: object | Uint8Array): string =>
  Buffer.from(value instanceof Uint8Array ? value : JSON.stringify(value)).toString('base64url')

/** A logout token as the hub sends it, but signed with nothing: firewalls let it through or not, as they would a true one. */
function falseLogoutToken(hub: string): string {
  const header = { alg: 'ES256', kid: 'isthmus-doctor', typ: 'logout+jwt' }
  const now = Math.floor(Date.now() / 1000)
  const events = { [LOGOUT_EVENT]: {} }
  const claims = { iss: hub, aud: 'isthmus-doctor', iat: now, exp: now + 60, jti: crypto.randomUUID(), events }
  return [header, { ...claims, sid: crypto.randomUUID() }, new Uint8Array(64)].map(encode).join('.')
}

/** A receiver refuses such a token with 400 and a code, after it has asked the hub for the key. */
export async function examineLogout(url: string, hub: string, notes: Notes): Promise<void> {
  const body = new URLSearchParams({ logout_token: falseLogoutToken(hub) })
  const answer = await probe(url, { method: 'POST', body })
  if (typeof answer === 'string')
    return notes.fault('logout-unreachable', `${url} cannot be reached (${answer}).`, cureOf(answer))
  const { status } = answer
  const { error } = ((await answer.json().catch(() => undefined)) ?? {}) as { error?: unknown }
  if (status === 400 && error !== undefined) return notes.good('logout', `${url} takes logout tokens.`)
  const cures: Readonly<Record<number, string>> = {
    200: 'it takes a token that is none: it must check them, or a page answers in its place',
    401: 'exempt the address from your own sign-in: the token is its own proof',
    403: 'exempt the address from CSRF protection (Django, Rails, SvelteKit, Astro, CodeIgniter), or from the firewall',
    404: 'serve it there, or name its path by --logout',
    405: 'it has to take POST',
    419: 'exempt the address from CSRF protection (Laravel: validateCsrfTokens(except: …))',
    503: 'the back end cannot have the hub’s keys: is the hub reachable from there?',
  }
  const redirected = status >= 300 && status < 400
  const cure = redirected
    ? `give the hub the address that it redirects to, ${answer.headers.get('location')}: no redirect is followed`
    : (strangerOf(answer.headers) ?? cures[status] ?? 'see the log of the site')
  notes.fault(
    'logout-refused',
    `${url} answers ${status} to a logout: ended sessions go on there until their tokens run out.`,
    cure,
  )
}
