import { JWKS_CACHE_MS, JWKS_STALE_MS } from '@isthmus/protocol'
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import { refusal } from './refuse.ts'

/** A token with an unknown key makes the set be asked for again, at most this often: whoever forges keys asks nothing. */
const KEYS_COOLDOWN_MS = 30_000

/** After a failure the hub is left in peace this long: a hub that is down must not be asked at every request. */
const FAILURE_PAUSE_MS = 1000

const FETCH_TIMEOUT_MS = 5000

/**
 * The hub's public keys: fetched at first use, kept for a moment, and fetched once however many ask. A hub that was
 * reached a while ago, and cannot be now, is believed to have the same.
 */
export function createKeys(url: URL): JWTVerifyGetKey {
  let failure: { readonly error: unknown; readonly at: number } | undefined
  let lastSet: { readonly text: string; readonly at: number } | undefined

  function knownSet(error: unknown): Response {
    if (!lastSet || Date.now() - lastSet.at >= JWKS_STALE_MS) throw error
    return new Response(lastSet.text)
  }
  const keys = createRemoteJWKSet(url, {
    cacheMaxAge: JWKS_CACHE_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
    timeoutDuration: FETCH_TIMEOUT_MS,
    async [customFetch](address, options) {
      if (failure && Date.now() - failure.at < FAILURE_PAUSE_MS) return knownSet(failure.error)
      try {
        const response = await fetch(address, options)
        if (!response.ok) throw new Error(`${address} answered ${response.status}.`)
        lastSet = { text: await response.text(), at: Date.now() }
        failure = undefined
        return new Response(lastSet.text)
      } catch (error) {
        failure = { error, at: Date.now() }
        return knownSet(error)
      }
    },
  })
  return async (header, token) => {
    if (typeof header.kid !== 'string') throw refusal('token-unknown-key')
    try {
      return await keys(header, token)
    } catch (error) {
      // A key that the hub made while it could not be reached is no forged one.
      if (error instanceof errors.JWKSNoMatchingKey && !failure) throw refusal('token-unknown-key')
      throw refusal('unreachable', `The keys of the hub cannot be had from ${url}.`, error)
    }
  }
}
