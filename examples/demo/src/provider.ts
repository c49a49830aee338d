import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { OIDC_PATH } from '@isthmus/protocol'
import type { OidcProvider } from '@isthmus/server/oidc'
import express, { type Express } from 'express'
import { fillPage, readPage } from './pages.ts'
import { readyUsers, type UserDirectory } from './users.ts'

/** What the provider is made of. */
export interface ProviderParts {
  readonly issuer: string
  /** The hub's origin. */
  readonly auth: string
  readonly registration: OidcProvider
  readonly users: UserDirectory
  /** The hub, for logout tokens: the names of the demo resolve in browsers, and not everywhere else. */
  readonly deliver: (request: Request) => Promise<Response>
}

/** How the hub is registered with the provider, and the provider with the hub. */
export function registerProvider(issuer: string): OidcProvider {
  const clientSecret = randomBytes(32).toString('base64url')
  const claims = ['name', 'points', 'plan', 'desk']
  return { id: 'provider', name: 'The provider', issuer, clientId: 'hub', clientSecret, claims, groups: 'groups' }
}

/**
 * An OpenID provider, as a company has one, with the demo's users: the certified `oidc-provider`. It is loaded when it is
 * first asked for something, because it has much to say to the terminal.
 */
export function createProvider(parts: ProviderParts): RequestListener {
  let starting: Promise<Express> | undefined
  return (request, response) => {
    starting ??= startProvider(parts)
    starting.then(
      (app) => app(request, response),
      (error: unknown) => {
        console.error(error)
        response.writeHead(500).end()
      },
    )
  }
}

async function startProvider({ issuer, auth, registration, users, deliver }: ProviderParts): Promise<Express> {
  const { default: Provider } = await import('oidc-provider')
  const { clientId, clientSecret, claims = [], groups = 'groups' } = registration
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${auth}${OIDC_PATH}/callback`],
        post_logout_redirect_uris: [`${auth}/isthmus/signed-out`],
        backchannel_logout_uri: `${auth}${OIDC_PATH}/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    claims: { openid: ['sub'], profile: [...claims, groups] },
    conformIdTokenClaims: false,
    cookies: { keys: [randomBytes(32).toString('hex')] },
    fetch: (url, init) => (String(url).startsWith(auth) ? deliver(new Request(url, init as RequestInit)) : fetch(url)),
    findAccount(_, sub) {
      const user = readyUsers.find((one) => one.sub === sub)
      return user && { accountId: sub, claims: () => ({ sub, ...user.claims, [groups]: user.groups }) }
    },
    // The hub belongs to the same company: nobody is asked what it may know.
    async loadExistingGrant({ oidc }) {
      const accountId = oidc.session?.accountId
      if (accountId === undefined) return undefined
      const grant = new provider.Grant({ clientId, accountId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
  })

  const page = readPage('provider/login.html')
  const app = express().disable('x-powered-by')
  app.get('/interaction/:uid', (_request, response) => {
    response
      .set('Cache-Control', 'no-store')
      .type('html')
      .send(fillPage(page, { message: '' }))
  })
  app.post('/interaction/:uid', express.urlencoded({ extended: false, limit: '4kb' }), async (request, response) => {
    const { username, password } = request.body as Readonly<Record<string, unknown>>
    const user = await users.check(String(username), String(password))
    if (user) return provider.interactionFinished(request, response, { login: { accountId: user.sub } })
    response.status(401).set('Cache-Control', 'no-store').type('html')
    response.send(fillPage(page, { message: 'That name and password do not belong together.' }))
  })
  return app.use(provider.callback())
}
