import { GUEST_COOKIE } from '@isthmus/protocol'
import { guestIdOf } from '../session/guests.ts'
import { isSecret } from '../session/secrets.ts'
import { headerOf, type RequestLike } from './request-like.ts'

/** More cookies of one name come from no browser: each costs a look into the store. */
const NAMESAKES_LIMIT = 4

/** What may be a secret in a cookie of ours. Two partitions can both hold one of the same name, and then both are sent. */
export function readSecrets(request: RequestLike, name: string): string[] {
  const values: string[] = []
  for (const [key, value] of pairsOf(request)) {
    if (key === name && isSecret(value) && values.length < NAMESAKES_LIMIT) values.push(value)
  }
  return values
}

/** The guest that this browser is, if it came here signed out before. */
export function readGuestId(request: RequestLike): string | undefined {
  const [secret] = readSecrets(request, GUEST_COOKIE)
  return secret === undefined ? undefined : guestIdOf(secret)
}

/** The cookies of a request in their order, namesakes too. */
export function pairsOf(request: RequestLike): [name: string, value: string][] {
  return (headerOf(request, 'cookie') ?? '').split(';').map((text) => {
    const pair = text.trimStart()
    const equals = pair.indexOf('=')
    return equals < 0 ? [pair, ''] : [pair.slice(0, equals), pair.slice(equals + 1)]
  })
}
