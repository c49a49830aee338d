import { JWKS_CACHE_MS } from '@isthmus/protocol'
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import { refusal } from './refuse.ts'

/** A token with an unknown key makes the set be asked for again, at most this often: whoever forges keys asks nothing. */
const KEYS_COOLDOWN_MS = 30_000

/** After a failure the hub is left in peace this long: a hub that is down must not be asked at every request. */
const FAILURE_PAUSE_MS = 1000

const FETCH_TIMEOUT_MS = 5000

/** The hub's public keys: fetched at first use, kept, and fetched once however many ask. */
export function createKeys(url: URL): JWTVerifyGetKey {
  let failure: { readonly error: unknown; readonly at: number } | undefined
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: JWKS_CACHE_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
    async [customFetch](address, options) {
      if (failure && Date.now() - failure.at < FAILURE_PAUSE_MS) throw failure.error
      try {
        const response = await fetch(address, options)
        if (!response.ok) throw new Error(`${address} answered ${response.status}.`)
        failure = undefined
        return response
      } catch (error) {
        failure = { error, at: Date.now() }
        throw error
      }
    },
  })
  return async (header, token) => {
    if (typeof header.kid !== 'string') throw refusal('token-unknown-key')
    try {
      return await keys(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) throw refusal('token-unknown-key')
      throw refusal('unreachable', `The keys of the hub cannot be had from ${url}.`, error)
    }
  }
}
