import { generateProof } from 'dpop'

/** The nonce that the hub gave last; it comes with every answer to a proof. */
let nonce: string | undefined

/** Begins with the nonce that came with the page. */
export function startWithNonce(first: string | undefined): void {
  nonce ??= first
}

/** The nonce for the next proof. */
export function latestNonce(): string | undefined {
  return nonce
}

/**
 * Sends a request with a proof of the key (RFC 9449). The hub may ask for a fresher nonce: then once more.
 * Without a handle the key only introduces itself.
 */
export async function fetchWithProof(
  path: string,
  init: RequestInit & { readonly method: string; readonly headers: Record<string, string> },
  pair: CryptoKeyPair,
  handle: string | undefined,
): Promise<Response> {
  const send = async (): Promise<Response> => {
    const proof = await generateProof(pair, location.origin + path, init.method, nonce, handle)
    const authorization = handle === undefined ? {} : { authorization: `DPoP ${handle}` }
    const response = await fetch(path, { ...init, headers: { ...init.headers, ...authorization, dpop: proof } })
    nonce = response.headers.get('dpop-nonce') ?? nonce
    return response
  }
  const known = nonce
  const response = await send()
  return response.status === 401 && nonce !== known ? send() : response
}
