import { OIDC_PATH } from '@isthmus/protocol'
import type { Hub } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import type { Addresses } from './addresses.ts'
import { securityHeaders } from './content-policy.ts'
import { fillPage, readPage } from './pages.ts'
import { serveAssets } from './site-app.ts'
import { readyUsers, type UserDirectory } from './users.ts'

/** What the auth domain is made of. */
export interface AuthParts {
  readonly hub: Hub
  readonly addresses: Addresses
  readonly users: UserDirectory
}

/** The auth domain: the hub, the login page that it sends users to, and a home page that shows the way. */
export function createAuthApp({ hub, addresses, users }: AuthParts): Express {
  const app = express().disable('x-powered-by')
  app.use(nodeHandler(hub))

  // The way back to a site is a page of the hub that goes on by itself: no form of these pages leads there.
  app.use(securityHeaders({ forms: ["'self'"] }))
  serveAssets(app, 'auth')

  const passwords = Object.fromEntries(readyUsers.map(({ sub, password }) => [`${sub}Password`, password]))
  const homePage = readPage('auth/home.html')
  const loginPage = readPage('auth/login.html')
  const showLogin = (request: Request, message = '', username = ''): string =>
    fillPage(loginPage, { ...addresses, ...passwords, message, username, provider: providerPath(request) })

  app.get('/', async (request, response) => {
    const session = await hub.sessions.current(request)
    const here = { signedIn: session === undefined ? 'no' : 'yes', user: String(session?.claims.name ?? '') }
    response.set('Cache-Control', 'no-store').type('html')
    response.send(fillPage(homePage, { ...addresses, ...passwords, ...here }))
  })

  app.get('/login', (request, response) => {
    response.set('Cache-Control', 'no-store').type('html').send(showLogin(request))
  })

  app.post('/login', express.urlencoded({ extended: false, limit: '4kb' }), async (request, response) => {
    response.set('Cache-Control', 'no-store').type('html')

    // Login CSRF: another site must not sign its own user in here. Browsers put Origin on every POST; none is a no.
    if (request.get('origin') !== addresses.auth) {
      response.status(403).send(showLogin(request, 'This sign-in was not sent from this page. Please sign in here.'))
      return
    }

    const { username, password } = readCredentials(request.body)
    if (username === '' || password === '') {
      response.status(400).send(showLogin(request, 'Please enter a name and a password.', username))
      return
    }

    const user = await users.check(username, password)
    if (user === undefined) {
      const message = 'That name and password do not belong together. The three that do are just below.'
      response.status(401).send(showLogin(request, message, username))
      return
    }

    const { cookies, redirectTo } = await hub.signIn(request, user)
    response.append('Set-Cookie', cookies)
    response.redirect(303, redirectTo)
  })

  app.use(sayThatItFailed)
  return app
}

/** The pending sign-in goes along to the provider. */
function providerPath({ query }: Request): string {
  return typeof query.isthmus === 'string'
    ? `${OIDC_PATH}?${new URLSearchParams({ isthmus: query.isthmus })}`
    : OIDC_PATH
}

/** A body that is no form is the sender's fault; all else is ours, and is told to the terminal. */
const sayThatItFailed: ErrorRequestHandler = (error: { status?: number }, _request, response, next) => {
  if (response.headersSent) return next(error)
  const status = error.status ?? 500
  if (status >= 500) console.error(error)
  response.status(status).type('text').send('That did not work. Please go back and try again.\n')
}

function readCredentials(body: unknown): { username: string; password: string } {
  const form = (body ?? {}) as Record<string, unknown>
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { username: text(form.username).trim(), password: text(form.password) }
}
