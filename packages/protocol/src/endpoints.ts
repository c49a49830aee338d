import { BASE_PATH } from './constants.ts'

interface Endpoint {
  readonly method: 'GET' | 'POST'
  readonly path: string
}

/** Every endpoint of a hub: the server routes from it, the browser parts ask by it. What each means: endpoint-facts.ts. */
export const ENDPOINTS = {
  hub: { method: 'GET', path: `${BASE_PATH}/hub` },
  worker: { method: 'GET', path: `${BASE_PATH}/worker.js` },
  client: { method: 'GET', path: `${BASE_PATH}/client.js` },
  session: { method: 'GET', path: `${BASE_PATH}/session` },
  touch: { method: 'POST', path: `${BASE_PATH}/touch` },
  signOut: { method: 'POST', path: `${BASE_PATH}/sign-out` },
  redeem: { method: 'POST', path: `${BASE_PATH}/redeem` },
  events: { method: 'GET', path: `${BASE_PATH}/events` },
  link: { method: 'GET', path: `${BASE_PATH}/link` },
  login: { method: 'GET', path: `${BASE_PATH}/login` },
  logout: { method: 'GET', path: `${BASE_PATH}/logout` },
  confirmLogout: { method: 'POST', path: `${BASE_PATH}/logout` },
  discovery: { method: 'GET', path: '/.well-known/isthmus' },
} as const satisfies Record<string, Endpoint>

export type EndpointName = keyof typeof ENDPOINTS
