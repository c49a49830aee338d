import { IsthmusError, isTrustworthyOrigin, LOGOUT_EVENT, originOf } from '@isthmus/protocol'
import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import * as client from 'openid-client'
import type { Subject } from '../session/subject.ts'

/** An OpenID provider, and what of its claims we take over. */
export interface OidcProvider {
  /** Short name in addresses: a-z, 0-9 and `-`. */
  readonly id: string
  /** What people call it, where they are asked to choose. */
  readonly name?: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Default `openid profile email`. */
  readonly scope?: string
  /** Claims of its ID token that become the user's; default `name` and `email`. */
  readonly claims?: readonly string[]
  /** The claim that lists groups; default none. */
  readonly groups?: string
  /** Your id of its user; default its `sub`. With several providers say who is who: two of them may use one id. */
  readonly subOf?: (claims: Readonly<Record<string, unknown>>) => string
}

/** Whose session ended at the provider: one, or all of a user's where `sid` is absent. */
export interface EndedThere {
  readonly iss: string
  readonly sub?: string | undefined
  readonly sid?: string | undefined
}

/** A provider that is asked for its own facts when it is first needed. */
export interface Provider {
  readonly id: string
  readonly scope: string
  discover(): Promise<client.Configuration>
  subjectOf(claims: client.IDToken): Subject
  /** Validates a logout token (Back-Channel Logout 1.0 §2.6); `undefined` if it is not of this provider, or does not hold. */
  openLogoutToken(token: string): Promise<EndedThere | undefined>
}

/** After a failure the provider is asked again at the next sign-in, and not before. */
export function openProvider(config: OidcProvider): Provider {
  const { id, issuer, clientId, clientSecret, scope = 'openid profile email' } = config
  for (const [key, value] of Object.entries({ id, issuer, clientId, clientSecret })) {
    if (typeof value !== 'string' || value === '') fail(id, `${key} is missing`)
  }
  const origin = originOf(issuer)
  if (!/^[a-z0-9-]+$/.test(id)) fail(id, 'id is written in a-z, 0-9 and "-"')
  if (!origin || !isTrustworthyOrigin(origin)) fail(id, 'issuer is an https address (http is for loopback hosts)')
  if (!scope.split(' ').includes('openid')) fail(id, 'scope has to contain "openid"')
  let discovering: Promise<client.Configuration> | undefined
  let keys: JWTVerifyGetKey | undefined

  const discover = (): Promise<client.Configuration> => {
    const isPlain = issuer.startsWith('http:')
    discovering ??= client
      .discovery(new URL(issuer), clientId, clientSecret, undefined, {
        ...(isPlain && { execute: [client.allowInsecureRequests] }),
      })
      .catch((cause: unknown) => {
        discovering = undefined
        throw new IsthmusError('unreachable', `The provider "${id}" cannot be asked: ${String(cause)}`, { cause })
      })
    return discovering
  }

  return {
    id,
    scope,
    discover,

    subjectOf(claims) {
      const { claims: names = ['name', 'email'], groups: groupsClaim, subOf = ({ sub }) => String(sub) } = config
      const groups = groupsClaim === undefined ? [] : claims[groupsClaim]
      return {
        sub: subOf(claims),
        claims: Object.fromEntries(
          names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]),
        ),
        groups: Array.isArray(groups) ? groups.filter((group): group is string => typeof group === 'string') : [],
      }
    },

    async openLogoutToken(token) {
      const metadata = (await discover()).serverMetadata()
      keys ??= createRemoteJWKSet(new URL(String(metadata.jwks_uri)))
      const algorithms = ['RS256', 'ES256', 'PS256', 'EdDSA']
      const checks = {
        issuer: metadata.issuer,
        audience: clientId,
        algorithms,
        requiredClaims: ['iat', 'jti', 'events'],
      }
      const verified = await jwtVerify(token, keys, checks).catch(() => undefined)
      return verified && endedBy(verified.payload, metadata.issuer)
    },
  }
}

/** A logout token is told from an ID token by its event, and by having no nonce. */
function endedBy({ events, nonce, sub, sid, iat = 0 }: JWTPayload, iss: string): EndedThere | undefined {
  const isLogout = typeof events === 'object' && events !== null && Object.hasOwn(events, LOGOUT_EVENT)
  const isFresh = Math.abs(Date.now() / 1000 - iat) < 300
  if (!isLogout || !isFresh || nonce !== undefined || (sub === undefined && typeof sid !== 'string')) return undefined
  return { iss, sub, sid: typeof sid === 'string' ? sid : undefined }
}

function fail(id: string, sentence: string): never {
  throw new IsthmusError('config-invalid', `oidcLogin: provider "${id}": ${sentence}.`)
}
