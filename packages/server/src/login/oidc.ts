import { ENDPOINTS, LOGIN_LIFETIME_MS, OIDC_PATH } from '@isthmus/protocol'
import { parseCookie, stringifySetCookie } from 'cookie'
import * as client from 'openid-client'
import type { Hub } from '../create-hub.ts'
import type { Subject } from '../session/subject.ts'
import type { Store } from '../store/store.ts'
import { beganHere } from './began-here.ts'
import { chooserPage } from './chooser-page.ts'
import { type OidcProvider, openProvider, type Provider } from './oidc-provider.ts'
import { createProviderSessions } from './provider-sessions.ts'
import { type HubWithLogin, leadOn, refuseSignIn, withLoginRoutes } from './with-login-routes.ts'

export type { OidcProvider } from './oidc-provider.ts'

/** What {@link oidcLogin} takes. */
export interface OidcOptions {
  /** Made with `loginPath: '/isthmus/oidc'`. */
  readonly hub: Hub
  /** The hub's origin. Register `<origin>/isthmus/oidc/callback` with each provider, and for its back-channel logout `<origin>/isthmus/oidc/backchannel-logout`. */
  readonly origin: string
  /** The store that the hub has: which sessions at a provider are which of ours. */
  readonly store: Store
  /** One provider, or several: then the user is asked. */
  readonly providers: readonly OidcProvider[]
  /** Hears why a sign-in or a logout was refused; no word of it is a secret. Default: a line on stderr. */
  readonly onRefused?: (reason: string) => void
}

/** What a browser keeps while its user is at the provider. */
interface Journey {
  readonly provider: string
  readonly nonce: string
  readonly verifier: string
  readonly pending?: string
}

const COOKIE_PREFIX = '__Host-isthmus.oidc.'

/**
 * Login by OpenID providers (authorization code with PKCE, state and nonce).
 *
 * 1. `GET /isthmus/oidc` is the login page: it leads to the provider, or has the user choose one.
 * 2. `GET /isthmus/oidc/callback` takes the user back. State, nonce and PKCE verifier are in a Lax cookie of this browser,
 *    one for each attempt, so that nobody else's answer signs anybody in here. The pending sign-in of the hub is named only
 *    if this browser began it.
 * 3. `POST /isthmus/oidc/backchannel-logout` takes the provider's logout tokens (Back-Channel Logout 1.0): our sessions of
 *    that session there, or of that user, end on every site at once.
 * 4. `GET /isthmus/oidc/logout` leads to the provider's own logout (RP-Initiated Logout 1.0), which asks the user, and ends
 *    our sessions by 3. Nothing ends here before that: a foreign link to this address does no harm.
 *
 * Gives the hub with those paths added.
 * @throws {IsthmusError} `config-invalid`, with a sentence that names the key and the cure
 */
export function oidcLogin(options: OidcOptions): HubWithLogin {
  const { hub, origin, store } = options
  const { onRefused = (reason: string) => console.error(`isthmus: a sign-in was refused: ${reason}.`) } = options
  const providers = new Map(options.providers.map((config): [string, Provider] => [config.id, openProvider(config)]))
  const sessions = createProviderSessions(hub, store)
  const redirectUri = `${origin}${OIDC_PATH}/callback`

  async function begin(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams
    const named = query.get('isthmus') ?? undefined
    const pending = named !== undefined && beganHere(request, named) ? named : undefined
    const id = query.get('provider') ?? (providers.size === 1 ? [...providers.keys()][0] : undefined)
    const provider = providers.get(id ?? '')
    if (!provider) return chooserPage(options.providers, named)
    const state = client.randomState()
    const journey: Journey = {
      provider: provider.id,
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      ...(pending !== undefined && { pending }),
    }
    const address = client.buildAuthorizationUrl(await provider.discover(), {
      redirect_uri: redirectUri,
      scope: provider.scope,
      state,
      nonce: journey.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(journey.verifier),
      code_challenge_method: 'S256',
    })
    return redirect(address.href, journeyCookie(state, journey))
  }

  async function finish(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const state = url.searchParams.get('state') ?? ''
    const journey = journeyOf(request, state)
    const provider = journey && providers.get(journey.provider)
    if (!provider) throw refuseSignIn('this browser did not begin it: its state is not known here')
    const config = await provider.discover()
    const tokens = await client
      .authorizationCodeGrant(config, new URL(redirectUri + url.search), {
        pkceCodeVerifier: journey.verifier,
        expectedState: state,
        expectedNonce: journey.nonce,
        idTokenExpected: true,
      })
      .catch((error: unknown) => {
        throw refuseSignIn(`${provider.id}: ${error instanceof Error ? describe(error) : String(error)}`)
      })
    const claims = tokens.claims()
    if (!claims) throw refuseSignIn(`${provider.id}: there is no ID token`)
    const subject: Subject = provider.subjectOf(claims)
    const { pending } = journey
    const signedIn = await hub.signIn(request, subject, pending === undefined ? {} : { pending })
    await sessions.note(claims, signedIn.sid)
    return leadOn(signedIn, [journeyCookie(state)])
  }

  async function leadToLogout(request: Request): Promise<Response> {
    const id = new URL(request.url).searchParams.get('provider') ?? [...providers.keys()][0]
    const provider = providers.get(id ?? '')
    if (!provider) throw refuseSignIn(`there is no provider "${id}"`)
    const config = await provider.discover()
    if (!config.serverMetadata().end_session_endpoint) {
      throw refuseSignIn(`${provider.id}: it has no end_session_endpoint`)
    }
    const query = { post_logout_redirect_uri: origin + ENDPOINTS.signedOut.path }
    return redirect(client.buildEndSessionUrl(config, query).href)
  }

  async function endSessions(request: Request): Promise<Response> {
    const token = new URLSearchParams(await request.text()).get('logout_token') ?? ''
    for (const provider of providers.values()) {
      const ended = await provider.openLogoutToken(token)
      if (!ended) continue
      await sessions.end(ended)
      return new Response(null, { status: 200, headers: { 'Cache-Control': 'no-store' } })
    }
    onRefused('a logout token is of none of the providers, or does not hold')
    return Response.json({ error: 'invalid_request' }, { status: 400, headers: { 'Cache-Control': 'no-store' } })
  }

  return withLoginRoutes(
    hub,
    {
      [`GET ${OIDC_PATH}`]: begin,
      [`GET ${OIDC_PATH}/callback`]: finish,
      [`GET ${OIDC_PATH}/logout`]: leadToLogout,
      [`POST ${OIDC_PATH}/backchannel-logout`]: endSessions,
    },
    onRefused,
  )
}

/** The cookie of a journey; without one, the cookie that takes it away. */
function journeyCookie(state: string, journey?: Journey): string {
  return stringifySetCookie({
    name: COOKIE_PREFIX + state,
    value: journey ? Buffer.from(JSON.stringify(journey)).toString('base64url') : '',
    maxAge: journey ? LOGIN_LIFETIME_MS / 1000 : 0,
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'lax',
  })
}

function journeyOf(request: Request, state: string): Journey | undefined {
  const value = /^[\w-]+$/.test(state)
    ? parseCookie(request.headers.get('cookie') ?? '')[COOKIE_PREFIX + state]
    : undefined
  if (!value) return undefined
  try {
    return JSON.parse(Buffer.from(value, 'base64url').toString()) as Journey
  } catch {
    return undefined
  }
}

/** What the provider says, without what it was sent. */
function describe(error: Error): string {
  const { error: code, error_description: description } = error as { error?: string; error_description?: string }
  return [code ?? error.message, description].filter(Boolean).join(': ')
}

function redirect(to: string, cookie?: string): Response {
  const headers = new Headers({ Location: to, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' })
  if (cookie !== undefined) headers.set('Set-Cookie', cookie)
  return new Response(null, { status: 303, headers })
}
