import { hubToClientSchema, welcomeSchema } from '@isthmus/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { hostile, mutated, valid } from '../../protocol/src/compact/arbitrary-values.test-kit.ts'
import { FUZZ_TIMEOUT_MS, fuzz, hostileText, mutationsOf, readCorpus } from '../../protocol/src/fuzz.test-kit.ts'
import { isFromHub } from './hub/guard.ts'
import { readToken } from './mirror/read-token.ts'
import { transferHref } from './travel/transfer.ts'

const corpus = readCorpus(new URL('fuzz.test-corpus.json', import.meta.url))
const SHOP = 'https://shop.example'

it('the client takes in every message of the hub, and throws at none', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const messages = [hubToClientSchema, welcomeSchema] as const
  const inputs = fc.oneof(...messages.flatMap((schema) => [valid(schema), mutated(schema), hostile(schema)]))
  return fuzz(inputs, corpus.messages, (data) => {
    const received = structured(data)
    const taken = isFromHub(received)
    const isMessage = messages.some((schema) => schema.safeParse(received).success)
    if (isMessage) expect(taken).toBe(true)
  })
})

it('a link is changed if it leads to a registered site, and leads there afterwards', { timeout: FUZZ_TIMEOUT_MS }, () =>
  fuzz(
    fc.oneof(
      hostileText,
      fc.webUrl({ withFragments: true }),
      mutationsOf([`${SHOP}/cart?a=b#c`, `${SHOP}/#isthmus=link:abc&c`]),
    ),
    corpus.links,
    (link) => {
      const href = transferHref(link, 'sid-1', `${SHOP} https://news.example`)
      if (href === link) return
      const [before, after] = [new URL(link), new URL(href)]
      expect([SHOP, 'https://news.example']).toContain(after.origin)
      expect([after.origin, after.pathname, after.search]).toEqual([before.origin, before.pathname, before.search])
      expect(after.hash).toMatch(/^#isthmus=link:sid-1(?:&|$)/)
    },
  ),
)

it('a mirrored token is read, or counts as none', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const payload = Buffer.from(JSON.stringify({ iss: 'x', aud: 'shop', sub: 'u', sid: 's', iat: 1, exp: 2 })).toString(
    'base64url',
  )
  return fuzz(fc.oneof(hostileText, mutationsOf([`e30.${payload}.AA`])), corpus.tokens, (token) => {
    const read = readToken(token)
    if (read) expect([typeof read.sub, typeof read.sid, typeof read.exp]).toEqual(['string', 'string', 'number'])
  })
})

/** As a message arrives: what cannot be cloned never comes. */
function structured(data: unknown): unknown {
  try {
    return structuredClone(data)
  } catch {
    return undefined
  }
}
