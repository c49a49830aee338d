import type { RequestListener } from 'node:http'
import OpenIdProvider from 'oidc-provider'

/** What the provider of a test knows of the hub. */
export interface ProviderParts {
  readonly issuer: string
  /** The hub's origin. */
  readonly hub: string
  readonly clientSecret: string
  /** Where the hub takes logout tokens, if the provider cannot reach it by its origin. */
  readonly hubFromInside?: string
}

/** The certified `oidc-provider`, with the hub as its client `hub`; its users have any name and any password. */
export function openIdProvider({ issuer, hub, clientSecret, hubFromInside = hub }: ProviderParts): RequestListener {
  const provider = new OpenIdProvider(issuer, {
    clients: [
      {
        client_id: 'hub',
        client_secret: clientSecret,
        redirect_uris: [`${hub}/isthmus/oidc/callback`],
        post_logout_redirect_uris: [`${hub}/isthmus/signed-out`],
        backchannel_logout_uri: `${hubFromInside}/isthmus/oidc/backchannel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    features: { backchannelLogout: { enabled: true } },
    claims: { openid: ['sub'], profile: ['name', 'roles'] },
    conformIdTokenClaims: false,
    // Its own one keeps away from loopback.
    fetch: (url, init) => {
      const { dispatcher: _, ...plain } = (init ?? {}) as RequestInit & { dispatcher?: unknown }
      return fetch(url, plain)
    },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, name: nameOf(sub), roles: ROLES }) }),
  })
  return provider.callback()
}

/** One of them is no group: it is left out on the way. */
const ROLES = ['customers', 'staff', 7]

function nameOf(sub: string): string {
  return sub.charAt(0).toUpperCase() + sub.slice(1)
}
