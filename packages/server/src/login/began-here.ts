import { pairsOf, readCookies } from '../requests/read-cookies.ts'

/** The Lax cookies in which a browser has the sign-ins that it began: by name, or as the value of the only one. */
const LOGIN_COOKIE = '__Host-isthmus.login'

/** Whether this browser began a pending sign-in: an address that was planted in another one comes without its cookie. */
export function beganHere(request: Request, pending: string): boolean {
  const isNamed = pairsOf(request).some(([name]) => name === `${LOGIN_COOKIE}.${pending}`)
  return isNamed || readCookies(request)[LOGIN_COOKIE] === pending
}
