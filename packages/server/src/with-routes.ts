import type { Hub } from './create-hub.ts'
import { plainAnswers } from './plain-answers.ts'
import { replyOf } from './responses/reply.ts'

/** Answers a request to a path that is not the hub's own. */
export type AddedRoute = (request: Request, path: string) => Promise<Response>

/** Adds paths to a hub. What is not for them is answered as by the hub itself, as fast as by it. */
export function withRoutes(hub: Hub, find: (method: string, path: string) => AddedRoute | undefined): Hub {
  const added = (request: Request): Promise<Response> | undefined => {
    const path = new URL(request.url).pathname
    return find(request.method, path)?.(request, path)
  }
  const fetch: Hub['fetch'] = (request, from) => added(request) ?? hub.fetch(request, from)
  const plain = plainAnswers.get(hub.fetch)
  if (plain) {
    plainAnswers.set(fetch, {
      ...plain,
      async answer(request, addressOf) {
        const answer = added(request)
        return answer ? replyOf(await answer) : plain.answer(request, addressOf)
      },
    })
  }
  return { ...hub, fetch }
}
