import { hello, hubPageData } from 'virtual:isthmus/tables'
import { type Hello, type HubPageData, PROTOCOL_VERSION, type SiteAnswer, type Welcome } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Embedder } from '../embedder-headers.ts'
import { startWithNonce } from '../key/fetch-with-proof.ts'
import { type Api, createApi } from './api.ts'
import { showButton } from './button.ts'
import { type Served, serveParent } from './serve-parent.ts'
import { trustScriptUrl } from './trust-script-url.ts'

const read = readAs(hubPageData, JSON.parse(document.getElementById('isthmus')?.textContent ?? 'null'))
if (read !== MISFIT && parent !== window) start(read as HubPageData)

/** Whom the page may talk to, what they are told first, and the way to learn more. */
interface Parent {
  readonly embedder: Embedder
  readonly answer: SiteAnswer
  readonly api: Api
}

function start(data: HubPageData): void {
  startWithNonce(data.nonce)
  const aheadMs = data.now - Date.now()
  const worker = trustScriptUrl(data.worker)
  const wantsToken = new URLSearchParams(location.search).get('token') === '1'
  const named =
    data.origin !== undefined && data.answer
      ? confirm({ origin: data.origin, site: undefined, wantsToken }, data.answer)
      : undefined
  let served: Served | undefined

  if (data.button !== undefined) showButton(data.button, async () => served?.link())

  function serve({ embedder, answer, api }: Parent, port: MessagePort): Welcome {
    served?.stop()
    served = serveParent(port, embedder, worker, answer, api)
    return { isthmus: PROTOCOL_VERSION, type: 'welcome', answer, peers: data.peers, aheadMs }
  }

  // The server matched the embedding origin: it is named exactly. If the parent is anyone else, the browser drops message and port.
  named?.then((parentPage) => {
    const { port1, port2 } = new MessageChannel()
    parent.postMessage(serve(parentPage, port1), parentPage.embedder.origin, [port2])
  }, silence)

  /**
   * The parent says hello where it was not greeted: the Referer was taken away, or another listener swallowed the greeting.
   * The browser names its origin, and the server must know it. The answer goes to the port that came with the hello,
   * which from then on is the one.
   */
  addEventListener('message', async ({ source, origin, data: message, ports: [port] }) => {
    if (source !== parent || origin === 'null' || !port) return
    const greeting = readAs(hello, message)
    if (greeting === MISFIT) return
    // Refused or unreachable: silence, and an open ear for the next hello.
    const known = await named?.catch(() => undefined)
    const embedder: Embedder = { origin, site: (greeting as Hello).site, wantsToken }
    const parentPage = known?.embedder.origin === origin ? known : await ask(embedder).catch(() => undefined)
    if (parentPage) port.postMessage(serve(parentPage, port))
  })
}

function silence(): void {}

async function confirm(given: Embedder, answer: SiteAnswer): Promise<Parent> {
  const embedder = { ...given, site: answer.site }
  const api = createApi(embedder)
  return { embedder, answer: await api.confirm(answer), api }
}

async function ask(embedder: Embedder): Promise<Parent> {
  return confirm(embedder, await createApi(embedder).ask())
}
