import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import { loadKey } from '../key/bound-key.ts'
import { startWithNonce } from '../key/fetch-with-proof.ts'
import { openStream, type Stream } from './open-stream.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

type Page = Pick<MessagePort, 'postMessage' | 'onmessage'>

/** The pages of one site in one partition, and the one stream they share. */
const pages = new Set<Page>()
let stream: Stream | undefined
let followed = ''
let status: StreamStatus = 'idle'
let latest: SiteAnswer | undefined

function broadcast(message: FromWorker): void {
  for (const page of pages) page.postMessage(message)
}

function serve(page: Page): void {
  page.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    if (data.type === 'leave') {
      pages.delete(page)
      if (pages.size === 0) closeStream()
      return
    }
    if (data.type === 'wake') {
      stream?.wake(data.revision)
      return
    }
    pages.add(page)
    if (followed === data.sid && stream) {
      // What was said before this page came must not be missed; an old revision is dropped by its reader.
      if (latest) page.postMessage({ type: 'answer', answer: latest } satisfies FromWorker)
      page.postMessage({ type: 'stream', status } satisfies FromWorker)
      return
    }
    // Another session: only a new request carries its proof.
    closeStream()
    followed = data.sid
    startWithNonce(data.nonce)
    stream = openStream(
      data.embedder,
      async () => data.key ?? (data.keyed ? loadKey(data.embedder.site ?? '') : undefined),
      data.keyed,
      (answer) => {
        latest = answer
        broadcast({ type: 'answer', answer })
        if (answer.state.status !== 'signed-in') closeStream()
      },
      (next) => {
        status = next
        broadcast({ type: 'stream', status })
      },
    )
  }
}

function closeStream(): void {
  const closing = stream
  stream = undefined
  latest = undefined
  followed = ''
  closing?.close()
}

// A SharedWorker is connected to; a dedicated worker is written to.
const scope = self as unknown as Page & { onconnect: ((event: MessageEvent) => void) | null }
if ('onconnect' in self) {
  scope.onconnect = ({ ports: [port] }) => {
    if (port) serve(port)
  }
} else {
  serve(scope)
}
