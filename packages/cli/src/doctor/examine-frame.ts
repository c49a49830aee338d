import { ENDPOINTS, FRAME_TIMEOUT_MS, ORIGIN_HEADER, PROBE_HEADER, SITE_HEADER } from '@isthmus/protocol'
import { cureOf, type Notes, probe, strangerOf } from './examine.ts'

/** What a page of this site embeds, and what that asks for: as a proxy in front of the hub lets it through. */
export async function examineFrame(hub: string, origin: string, site: string, notes: Notes): Promise<void> {
  await examinePage(hub, origin, notes)
  await examineStream(hub, origin, site, notes)
}

/** What a proxy in front may have done to the page for embedding. */
async function examinePage(hub: string, origin: string, notes: Notes): Promise<void> {
  const answer = await probe(hub + ENDPOINTS.hub.path, { headers: { referer: `${origin}/` } })
  if (typeof answer === 'string') return notes.fault('page', `The hub page is not served (${answer}).`, cureOf(answer))
  const { headers } = answer
  const html = await answer.text()
  if (!answer.ok || !html.includes('id="isthmus"')) {
    const cure = 'does a firewall or a bot check stand in front of it? It has to let frames through without a question'
    return notes.fault(
      'page',
      `${ENDPOINTS.hub.path} is answered ${answer.status}, and not by the hub page.`,
      strangerOf(headers) ?? cure,
    )
  }
  if (headers.get('x-frame-options')) {
    const cure = 'take the header away at the proxy for this path: frame-ancestors says which sites may embed it'
    notes.fault('page-frame-options', 'X-Frame-Options forbids to embed the hub page.', cure)
  }
  const policies = headers.get('content-security-policy') ?? ''
  if (!policies.includes('frame-ancestors')) {
    notes.fault('page-policy', 'The Content-Security-Policy of the hub page is gone.', 'the proxy must not replace it')
  } else if ((policies.match(/script-src/g) ?? []).length > 1) {
    notes.fault(
      'page-policy',
      'The hub page got a second Content-Security-Policy on the way, which forbids its script.',
      'the proxy must not add one to the hub',
    )
  }
  if (!/no-store/.test(headers.get('cache-control') ?? '')) {
    notes.fault(
      'page-cache',
      'The hub page may be kept by caches, with the state of another user.',
      'the proxy must not change Cache-Control',
    )
  }
  if (headers.get('cross-origin-resource-policy') !== 'cross-origin' || !headers.get('cross-origin-embedder-policy')) {
    const cure = 'the proxy must pass Cross-Origin-Resource-Policy and Cross-Origin-Embedder-Policy on as they are'
    notes.fault('page-corp', 'Sites with COEP cannot embed the hub page.', cure)
  }
  if (/<script[^>]*\bsrc=(?!"\/isthmus\/assets\/)/i.test(html)) {
    notes.fault(
      'page-rewritten',
      'A script was put into the hub page on the way.',
      'switch off what rewrites HTML in front of the hub (beacons, optimizers)',
    )
  }
  if (!headers.get('strict-transport-security') && hub.startsWith('https:')) {
    notes.note('hsts', 'There is no Strict-Transport-Security.', 'add it, so that browsers never ask by http')
  }
}

/** Asks as the hub page does, by headers that a proxy may know nothing of, for a stream that it must not hold back. */
async function examineStream(hub: string, origin: string, site: string, notes: Notes): Promise<void> {
  const asked = { [ORIGIN_HEADER]: origin, [SITE_HEADER]: site, accept: 'text/event-stream', [PROBE_HEADER]: 'hold' }
  const signal = AbortSignal.timeout(FRAME_TIMEOUT_MS)
  const answer = await probe(hub + ENDPOINTS.events.path, { headers: asked, signal })
  if (typeof answer === 'string') {
    if (signal.aborted) return noteBuffering(notes)
    return notes.fault('stream', `The stream cannot be had (${answer}).`, cureOf(answer))
  }
  const { headers, ok, status } = answer
  const reader = answer.body?.getReader()
  // No answer to a probe ends before it is held open: a first event that comes was not held back until the end.
  const isPrompt = await reader?.read().then(
    ({ done }) => !done,
    () => false,
  )
  await reader?.cancel().catch(() => undefined)
  const type = headers.get('content-type') ?? 'nothing'
  if (status === 403) {
    const lost = `the proxy must pass ${ORIGIN_HEADER} and ${SITE_HEADER} on to the hub`
    const saw = 'The request of the hub’s own page is refused: headers are lost on the way.'
    return notes.fault('stream-refused', saw, strangerOf(headers) ?? lost)
  }
  if (!ok || !type.startsWith('text/event-stream')) {
    const saw = `${ENDPOINTS.events.path} is answered ${status}, ${type}.`
    return notes.fault('stream', saw, strangerOf(headers) ?? 'does a firewall stand in front of it?')
  }
  if (headers.get('content-encoding')) {
    const cure = 'switch compression and buffering off for text/event-stream at the proxy'
    return notes.fault('stream-compressed', 'The stream is compressed on the way: news come late, or never.', cure)
  }
  if (!isPrompt) return noteBuffering(notes)
  if (!headers.has(PROBE_HEADER)) {
    const cure = `the proxy must pass ${PROBE_HEADER} on, or the hub is older than this command`
    return notes.note('stream-unproven', 'Its stream comes, but was not held open: buffering would not show.', cure)
  }
  notes.good('stream', 'Its stream comes through, event by event.')
}

function noteBuffering(notes: Notes): void {
  notes.fault(
    'stream-buffered',
    `No event of the stream comes within ${FRAME_TIMEOUT_MS / 1000} s while it is open: something on the way collects it.`,
    'switch buffering off for text/event-stream at the proxy (nginx: proxy_buffering off, and keep X-Accel-Buffering)',
  )
}
