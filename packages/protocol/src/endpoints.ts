import { BASE_PATH, JWKS_PATH } from './constants.ts'

// Every endpoint of a hub: the server routes from it, the browser parts ask by it. What each means: endpoint-facts.ts.
// One export each, so that a browser bundle carries only those it asks.

export const hub = { method: 'GET', path: `${BASE_PATH}/hub` } as const
export const assets = { method: 'GET', path: `${BASE_PATH}/assets/:file` } as const
export const client = { method: 'GET', path: `${BASE_PATH}/client.js` } as const
export const session = { method: 'GET', path: `${BASE_PATH}/session` } as const
export const touch = { method: 'POST', path: `${BASE_PATH}/touch` } as const
export const signOut = { method: 'POST', path: `${BASE_PATH}/sign-out` } as const
export const redeem = { method: 'POST', path: `${BASE_PATH}/redeem` } as const
export const events = { method: 'GET', path: `${BASE_PATH}/events` } as const
export const link = { method: 'GET', path: `${BASE_PATH}/link` } as const
export const linkFrame = { method: 'POST', path: `${BASE_PATH}/link` } as const
export const registerVisit = { method: 'POST', path: `${BASE_PATH}/visits` } as const
export const login = { method: 'GET', path: `${BASE_PATH}/login` } as const
export const continueSignIn = { method: 'GET', path: `${BASE_PATH}/continue` } as const
export const confirmVisit = { method: 'POST', path: `${BASE_PATH}/continue` } as const
export const logout = { method: 'GET', path: `${BASE_PATH}/logout` } as const
export const confirmLogout = { method: 'POST', path: `${BASE_PATH}/logout` } as const
export const signedOut = { method: 'GET', path: `${BASE_PATH}/signed-out` } as const
export const account = { method: 'GET', path: `${BASE_PATH}/account` } as const
export const endSessions = { method: 'POST', path: `${BASE_PATH}/account` } as const
export const healthz = { method: 'GET', path: `${BASE_PATH}/healthz` } as const
export const livez = { method: 'GET', path: `${BASE_PATH}/livez` } as const
export const readyz = { method: 'GET', path: `${BASE_PATH}/readyz` } as const
export const metrics = { method: 'GET', path: `${BASE_PATH}/metrics` } as const
export const jwks = { method: 'GET', path: JWKS_PATH } as const
export const discovery = { method: 'GET', path: '/.well-known/isthmus' } as const
