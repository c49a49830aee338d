import { hello, hubPageData } from 'virtual:isthmus/tables'
import type { Hello, HubPageData } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { createApi, honestly } from './api.ts'
import { serveParent } from './serve-parent.ts'

const read = readAs(hubPageData, JSON.parse(document.getElementById('isthmus')?.textContent ?? 'null'))
if (read !== MISFIT && parent !== window) start(read as HubPageData)

function start({ origin, answer, worker }: HubPageData): void {
  if (origin !== undefined && answer) {
    void honestly(answer).then((first) => serveParent(origin, worker, first, createApi(origin, answer.site)))
  } else {
    awaitHello(worker)
  }
}

/**
 * Without a Referer the server could not say who embeds the page. The browser says it, with the parent's hello:
 * its origin must be registered, or nobody is answered.
 */
function awaitHello(worker: string): void {
  const onMessage = async ({ source, origin, data }: MessageEvent): Promise<void> => {
    if (source !== parent || origin === 'null') return
    const greeting = readAs(hello, data)
    if (greeting === MISFIT) return
    removeEventListener('message', onMessage)
    try {
      const api = createApi(origin, (greeting as Hello).site)
      const answer = await api.ask()
      serveParent(origin, worker, answer, createApi(origin, answer.site))
    } catch {
      // Refused or unreachable: silence, and an open ear for the next hello.
      addEventListener('message', onMessage)
    }
  }
  addEventListener('message', onMessage)
}
