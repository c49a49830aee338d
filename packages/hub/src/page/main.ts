import { hello, hubPageData } from 'virtual:isthmus/tables'
import { type Hello, type HubPageData, PROTOCOL_VERSION, type SiteAnswer, type Welcome } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Asker } from '../asker-headers.ts'
import { createApi, honestly } from './api.ts'
import { serveParent } from './serve-parent.ts'
import { trustScriptUrl } from './trust-script-url.ts'

const read = readAs(hubPageData, JSON.parse(document.getElementById('isthmus')?.textContent ?? 'null'))
if (read !== MISFIT && parent !== window) start(read as HubPageData)

function start(data: HubPageData): void {
  const worker = trustScriptUrl(data.worker)
  const wantsToken = new URLSearchParams(location.search).get('token') === '1'
  let stop = (): void => {}

  function serve(port: MessagePort, origin: string, answer: SiteAnswer): Welcome {
    stop()
    const asker: Asker = { origin, site: answer.site, wantsToken }
    stop = serveParent(port, asker, worker, answer)
    return { isthmus: PROTOCOL_VERSION, type: 'welcome', answer }
  }

  if (data.origin !== undefined && data.answer) void greet(data.origin, data.answer)
  addEventListener('message', (event) => void onHello(event))

  /** The server matched the embedding origin: it is named exactly. If the parent is anyone else, the browser drops message and port. */
  async function greet(origin: string, answer: SiteAnswer): Promise<void> {
    const first = await honestly(answer)
    const { port1, port2 } = new MessageChannel()
    parent.postMessage(serve(port1, origin, first), origin, [port2])
  }

  /**
   * The parent says hello where it was not greeted: the Referer was taken away, or another listener swallowed the greeting.
   * The browser names its origin, and the server must know it. The answer goes to the port that came with the hello.
   */
  async function onHello({ source, origin, data: message, ports: [port] }: MessageEvent): Promise<void> {
    if (source !== parent || origin === 'null' || !port) return
    const greeting = readAs(hello, message)
    if (greeting === MISFIT) return
    // Refused or unreachable: silence, and an open ear for the next hello.
    const answer = await createApi({ origin, site: (greeting as Hello).site, wantsToken })
      .ask()
      .catch(() => undefined)
    if (answer) port.postMessage(serve(port, origin, answer))
  }
}
