import { ENDPOINTS } from '@isthmus/protocol'
import { expect, it, onTestFinished } from 'vitest'
import { createWorld, HUB, SHOP } from './hub.test-world.ts'
import { plainAnswers } from './plain-answers.ts'
import { responseOf } from './responses/reply.ts'
import { createSecret, sha256 } from './session/secrets.ts'
import { withRoutes } from './with-routes.ts'

const OFFICE = '198.41.0.4'
const HOME = '198.41.0.5'

// Regression: a hub with a login or the admin API counted all addresses as none, and so had no limits for them.
it.each(['fetch', 'the adapter of node:http'])(
  'a hub with more routes knows where a request comes from: %s',
  async (way) => {
    const world = await createWorld({ limits: { visitsPerMinute: 1 } })
    onTestFinished(() => world.hub.close())
    const hub = withRoutes(world.hub, (_, path) => (path === '/more' ? async () => new Response('more') : undefined))
    const plain = plainAnswers.get(hub.fetch)
    const ask = async (request: Request, address: string): Promise<Response> =>
      way === 'fetch' || !plain
        ? hub.fetch(request, { address })
        : responseOf(await plain.answer(request, () => address))
    const visit = async (address: string): Promise<number> => {
      const body = JSON.stringify({ to: 'link', returnTo: `${SHOP}/`, challenge: sha256(createSecret()) })
      const headers = {
        'content-type': 'application/json',
        'isthmus-origin': SHOP,
        'sec-fetch-site': 'same-origin',
        origin: HUB,
      }
      const { path, method } = ENDPOINTS.registerVisit
      return (await ask(new Request(HUB + path, { method, headers, body }), address)).status
    }
    expect(plain).toBeDefined()
    expect([await visit(OFFICE), await visit(OFFICE), await visit(HOME)]).toEqual([200, 429, 200])
    expect(await (await ask(new Request(`${HUB}/more`), OFFICE)).text()).toBe('more')
  },
)
