import { createVerifier, type Verdict, type Verifier } from '@isthmus/site'
import { headers } from 'next/headers'

const { HUB = 'http://auth.localhost:4000', SITE = 'shop', JWKS } = process.env

/** What the page is told: where the hub is. */
export const options = { hub: HUB, site: SITE } as const

/** Next.js bundles each route and the proxy by itself; what one of them is told of a sign-out, all must know. */
const shared = globalThis as { isthmusVerifier?: Verifier }

/** Knows who is signed in, by the token that comes with a request. */
export function verifier(): Verifier {
  shared.isthmusVerifier ??= createVerifier({ hub: HUB, site: SITE, ...(JWKS && { jwks: JWKS }) })
  return shared.isthmusVerifier
}

/** What this server knows of the user whose request it answers. */
export async function verdict(): Promise<Verdict> {
  const cookie = (await headers()).get('cookie') ?? ''
  return verifier().verify({ headers: { cookie } })
}
