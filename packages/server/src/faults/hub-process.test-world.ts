import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub } from '../create-hub.ts'
import { HUB, SITES } from '../hub.test-world.ts'
import { nodeHandler } from '../node.ts'
import { lmdbStore } from '../store/lmdb.ts'
import { redisStore } from '../store/redis.ts'

const DAY_MS = 24 * 3_600_000

/** A hub in a process of its own, which a test kills. Its login page believes everybody; its clock can be set. */
export async function serveHub(place: string, port: number): Promise<void> {
  let offsetMs = 0
  const clock = (): number => Date.now() + offsetMs
  const store = place.startsWith('redis:') ? await redisStore({ url: place, clock }) : lmdbStore({ path: place, clock })
  // So long that no step of the clock ends a session.
  const hub = await createHub({ origin: HUB, sites: SITES, store, clock, idleMs: DAY_MS, absoluteMs: 7 * DAY_MS })
  hub.on('error', () => undefined)
  const handler = nodeHandler(hub)
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', HUB)
    if (url.pathname === '/clock') {
      offsetMs += Number(url.searchParams.get('step'))
      return response.end()
    }
    if (url.pathname !== '/login') return handler(request, response)
    hub.signIn(request, { sub: url.searchParams.get('sub') ?? '' }).then(
      ({ cookies }) => response.writeHead(200, { 'set-cookie': cookies }).end(),
      () => response.writeHead(503).end(),
    )
    return undefined
  })
  server.listen(port, '127.0.0.1', () => console.log(`listening ${(server.address() as AddressInfo).port}`))
}
