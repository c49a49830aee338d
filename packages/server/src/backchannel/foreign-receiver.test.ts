import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { JWKS_PATH } from '@isthmus/protocol'
import express from 'express'
import { auth } from 'express-openid-connect'
import { importJWK, SignJWT } from 'jose'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createHub } from '../create-hub.ts'
import type { HubEventMap } from '../hub-events.ts'
import { nodeHandler } from '../node.ts'
import { memoryStore } from '../store/memory.ts'

const SHOP = 'https://shop.example'

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close().closeAllConnections())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A site that knows nothing of Isthmus: the OpenID Connect middleware of another house, which validates logout tokens. */
async function startForeignSite(issuerBaseURL: string): Promise<{ uri: string; ended: object[] }> {
  const ended: object[] = []
  const app = express()
  const server = createServer(app)
  const inside = await listen(server)
  app.use(
    auth({
      issuerBaseURL,
      baseURL: SHOP,
      clientID: 'shop',
      secret: 'a secret of the tests, 32 characters long',
      idTokenSigningAlg: 'ES256',
      authRequired: false,
      backchannelLogout: { onLogoutToken: (token) => void ended.push(token), isLoggedOut: false },
    }),
  )
  return { uri: `${inside}/backchannel-logout`, ended }
}

test('a receiver that is not ours takes the logout tokens of a hub, and refuses forged ones', async () => {
  const authDomain = express()
  const origin = await listen(createServer(authDomain))
  const foreign = await startForeignSite(origin)
  const store = memoryStore()
  const hub = await createHub({
    origin,
    sites: [{ id: 'shop', origins: [SHOP], backchannelLogoutUri: foreign.uri }],
    store,
  })
  onTestFinished(() => hub.close())
  authDomain.use(nodeHandler(hub))
  // All that such a receiver asks for beside the keys.
  authDomain.get('/.well-known/openid-configuration', (_, response) => {
    const never = `${origin}/never`
    response.json({
      issuer: origin,
      jwks_uri: origin + JWKS_PATH,
      authorization_endpoint: never,
      token_endpoint: never,
      response_types_supported: ['code', 'id_token'],
      response_modes_supported: ['form_post', 'query'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    })
  })
  const deliveries: HubEventMap['delivery'][] = []
  hub.on('delivery', (delivery) => void deliveries.push(delivery))

  // Somebody signs in, is seen on the shop, and signs out.
  const login = new Request(`${origin}/login`, { method: 'POST' })
  const { cookies } = await hub.signIn(login, { sub: 'customer' })
  const cookie = cookies.map((text) => text.split(';')[0]).join('; ')
  const seen = await fetch(`${origin}/isthmus/session`, {
    headers: { cookie, 'isthmus-origin': SHOP, 'sec-fetch-site': 'same-origin' },
  })
  const { state } = (await seen.json()) as { state: { sid: string } }
  await hub.signOut(new Request(origin, { headers: { cookie } }))

  await vi.waitFor(() => expect(deliveries).toHaveLength(1), { timeout: 10_000 })
  expect(deliveries[0]).toMatchObject({ site: 'shop', sid: state.sid, ok: true, attempt: 1 })
  expect(foreign.ended).toEqual([
    expect.objectContaining({ iss: origin, aud: 'shop', sub: 'customer', sid: state.sid, jti: expect.any(String) }),
  ])

  // The same token with one fault each: what accepted ours is no rubber stamp.
  const { iat: _, exp: __, jti: ___, ...claims } = foreign.ended[0] as Record<string, unknown>
  const [key] = JSON.parse((await store.get('token/keys'))?.value ?? '[]')
  const faults: Record<string, object> = {
    nonce: { nonce: 'n' },
    'no event': { events: undefined },
    'another site': { aud: 'news' },
    'another hub': { iss: 'https://evil.example' },
    'nobody named': { sub: undefined, sid: undefined },
  }
  for (const [fault, changes] of Object.entries(faults)) {
    const token = await new SignJWT({ ...claims, ...changes })
      .setProtectedHeader({ alg: 'ES256', kid: key.kid, typ: 'logout+jwt' })
      .setIssuedAt()
      .setExpirationTime('2m')
      .setJti(fault)
      .sign(await importJWK(key.privateJwk, 'ES256'))
    const answer = await fetch(foreign.uri, { method: 'POST', body: new URLSearchParams({ logout_token: token }) })
    expect([fault, answer.status]).toEqual([fault, 400])
  }
  expect(foreign.ended).toHaveLength(1)
})
