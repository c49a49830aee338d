import { type HubPageData, IsthmusError, type Origin, parseOrigin } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'
import type { Sites } from '../config/sites.ts'
import { STRINGS } from '../pages/strings.ts'
import type { HubParts } from '../parts.ts'
import { embedderByReferer } from '../requests/embedder.ts'
import { sendDocument } from '../responses/compression.ts'
import { hubPageHeaders } from '../responses/headers.ts'
import type { Reply } from '../responses/reply.ts'

/** Of the button, which a site may show. */
const STYLE =
  ':root{color-scheme:light dark}body{margin:0}button{box-sizing:border-box;width:100%;height:100vh;padding:0 1em;border:1px solid;border-radius:8px;background:Canvas;color:CanvasText;font:600 1rem system-ui,sans-serif;cursor:pointer}button:focus-visible{outline:3px solid;outline-offset:-5px}'

/**
 * The page for embedding. With a Referer the state for exactly that site is inlined, and only that site's origins may
 * frame the page. Without one, or with the hub's own, which privacy extensions put in its place, the page holds nothing,
 * and waits for a hello from the site that the address names.
 */
export async function hubPage(
  request: Request,
  { answer: answerSite, assets, carriers, dpop, settings, sites }: HubParts,
): Promise<Reply> {
  const { searchParams } = new URL(request.url)
  const shown = searchParams.get('button') === '1'
  const common = {
    nonce: await dpop.nonce(),
    now: settings.clock(),
    ...(shown && { button: STRINGS.continueWith(new URL(settings.origin).hostname) }),
  }
  const embedder = await embedderByReferer(request, settings.origin, sites)
  if (embedder) {
    const answer = await answerSite(await carriers.ofFrame(request, embedder.site), embedder)
    return respond(
      { ...common, peers: await peersOf(embedder.site.id), origin: embedder.origin, answer },
      embedder.site.origins,
    )
  }
  const site = await namedSite(searchParams, sites)
  if (!site) throw new IsthmusError('not-registered')
  return respond({ ...common, peers: '' }, site.origins)

  async function peersOf(id: string): Promise<string> {
    const others = (await sites.all()).filter((site) => site.id !== id)
    return others.flatMap(({ origins }) => origins).join(' ')
  }

  function respond(data: HubPageData, ancestors: readonly Origin[]): Reply {
    const { greeter, hubScript } = assets
    // "<" could close the element that holds the data.
    const json = JSON.stringify(data).replaceAll('<', '\\u003c')
    const document = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Isthmus hub</title>${shown ? `<style>${STYLE}</style>` : ''}
<script defer src="${hubScript}"></script><script type="application/json" id="isthmus">${json}</script><script>${greeter}</script>
`
    return sendDocument(request, document, {
      ...hubPageHeaders({ hub: settings.origin, greeter, style: shown ? STYLE : undefined, ancestors }),
      ...activateAccess(request, embedder?.origin),
    })
  }
}

/**
 * The site that the page says it is of, where its Referer was withheld. Anybody may say so: the answer holds nothing but
 * the origins of that one site, and the browser lets no other page frame it.
 */
async function namedSite(query: URLSearchParams, sites: Sites): Promise<Site | undefined> {
  const id = query.get('site') ?? undefined
  const origin = parseOrigin(query.get('origin'))
  if (origin) return sites.byOrigin(origin, id)
  return id === undefined ? undefined : sites.byId(id)
}

/**
 * Where the user gave the hub access to its own cookie on this site before, the browser need not be asked by a script:
 * it sends the request again with the cookie, and lets the document have it too (Storage Access Headers §3).
 */
function activateAccess(request: Request, origin: Origin | undefined): Record<string, string> {
  const status = request.headers.get('sec-fetch-storage-access')
  if (status === 'active') return { 'Activate-Storage-Access': 'load' }
  if (status !== 'inactive' || origin === undefined) return {}
  return { 'Activate-Storage-Access': `retry; allowed-origin="${origin}"` }
}
