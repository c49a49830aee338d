import { BASE_PATH, type HubPageData, IsthmusError, type Origin } from '@isthmus/protocol'
import { askerByReferer } from '../http/asker.ts'
import { hubPageHeaders } from '../http/headers.ts'
import type { HubParts } from '../parts.ts'

/**
 * The page for embedding. With a Referer the state for exactly that site is inlined, and only that site's origins may
 * frame the page. Without one nothing is inlined, and the page waits for a hello from a registered origin.
 */
export async function hubPage(
  request: Request,
  { assets, carriers, dpop, settings, sites }: HubParts,
): Promise<Response> {
  const worker = `${BASE_PATH}/worker.js?v=${assets.workerHash}`
  const nonce = await dpop.nonce()
  const common = { worker, nonce, now: settings.clock() }
  const asker = await askerByReferer(request, sites)
  if (asker) {
    const proof = await carriers.ofFrame(request, asker.site)
    const answer = await carriers.answer(proof, asker)
    const data = { ...common, peers: await peersOf(asker.site.id), origin: asker.origin, answer }
    return respond(data, asker.site.origins, await carriers.renew(request, proof, asker.site))
  }
  const id = new URL(request.url).searchParams.get('site')
  const candidates = id === null ? await sites.all() : [await sites.byId(id)]
  const ancestors = candidates.flatMap((site) => site?.origins ?? [])
  if (ancestors.length === 0) throw new IsthmusError('not-registered')
  return respond({ ...common, peers: '' }, ancestors)

  async function peersOf(id: string): Promise<string> {
    const others = (await sites.all()).filter((site) => site.id !== id)
    return others.flatMap(({ origins }) => origins).join(' ')
  }

  function respond(data: HubPageData, ancestors: readonly Origin[], headers: { 'Set-Cookie'?: string } = {}): Response {
    // "<" could close the element that holds the data.
    const json = JSON.stringify(data).replaceAll('<', '\\u003c')
    const [before, after] = assets.hub
    return new Response(`${before}<script type="application/json" id="isthmus">${json}</script>${after}`, {
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        ...hubPageHeaders(assets.hubScript, ancestors),
        ...headers,
      },
    })
  }
}
