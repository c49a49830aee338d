import { ENDPOINTS, LOGIN_COOKIE_PREFIX } from '@isthmus/protocol'
import { cureOf, type Notes, navigate, strangerOf } from './examine.ts'

/** What the cookie of a pending sign-in is made of: a browser drops a `__Host-` cookie that lacks the first three. */
const COOKIE_ATTRIBUTES = ['secure', 'path=/', 'samesite=lax', 'httponly']

/** The way to the login page, as a browser goes it: led there by a page of the site, which its Referer names. */
export async function examineSignIn(hub: string, page: string, notes: Notes): Promise<void> {
  const query = new URLSearchParams({ return_to: page })
  const answer = await navigate(`${hub}${ENDPOINTS.login.path}?${query}`, { referer: `${new URL(page).origin}/` })
  if (typeof answer === 'string') return notes.fault('login', `Nobody can sign in (${answer}).`, cureOf(answer))
  const { status, headers } = answer
  if (status === 200) {
    return notes.fault(
      'login-referer',
      'The hub asks “Continue?” at every sign-in: it is not told which page led there.',
      'the proxy must pass Referer on',
    )
  }
  const { location } = headers
  if (location === undefined) {
    const cure = strangerOf(headers) ?? 'see the log of the hub; does it allow to come back to this page (returnPaths)?'
    return notes.fault('login', `${ENDPOINTS.login.path} is answered ${status}, and leads nowhere.`, cure)
  }
  const cookie = headers['set-cookie']?.find((text) => text.startsWith(LOGIN_COOKIE_PREFIX))
  const faults = cookie === undefined ? ['is gone'] : faultsOf(cookie)
  if (faults.length > 0) {
    notes.fault(
      'login-cookie',
      `The cookie of a sign-in ${faults.join(', ')}: browsers do not keep it, and nobody can sign in.`,
      'the proxy must pass Set-Cookie on as it is (nginx: no proxy_cookie_domain, _path, _flags)',
    )
  }
  await examineLoginPage(new URL(location, hub), cookie, notes)
}

/** What a proxy changed of a cookie that is only good as the hub wrote it. */
function faultsOf(cookie: string): string[] {
  const attributes = cookie.split(';').map((text) => text.trim().toLowerCase())
  return [
    ...COOKIE_ATTRIBUTES.filter((one) => !attributes.includes(one)).map((one) => `lost its ${one}`),
    ...attributes.filter((one) => one.startsWith('domain=')).map((one) => `was given ${one}`),
  ]
}

async function examineLoginPage(address: URL, cookie: string | undefined, notes: Notes): Promise<void> {
  const answer = await navigate(address, { cookie: cookie?.split(';', 1)[0] ?? '' })
  const place = address.origin + address.pathname
  if (typeof answer === 'string') return notes.fault('login-page', `${place} gives none (${answer}).`, cureOf(answer))
  const { status, headers } = answer
  if (status < 400) return notes.good('login', `A sign-in leads to ${place}.`)
  const cure =
    status === 404
      ? 'lead this path to your login page, at the proxy, or name another one by loginPath'
      : 'see the log of what answers there: the login page, or the hub, where it is a provider that cannot be asked'
  notes.fault('login-page', `${place} is answered ${status}, and nobody can sign in.`, strangerOf(headers) ?? cure)
}
