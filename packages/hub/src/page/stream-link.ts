import { worker as address } from 'virtual:isthmus/parts'
import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import type { FromWorker, ToWorker, Wish } from '../worker/worker-messages.ts'
import type { StreamWorker } from './reconcile.ts'
import { trustScriptUrl } from './trust-script-url.ts'

/** The page's ways to the workers that can hold its stream. Which of them does is not decided here. */
export interface StreamLink {
  follow(worker: StreamWorker, wish: Omit<Wish, 'type' | 'room'>): void
  wake(revision: number): void
  leave(worker: StreamWorker | 'all'): void
}

export interface StreamLinkEvents {
  onAnswer(answer: SiteAnswer): void
  onStatus(status: StreamStatus): void
  onWorker(is: 'heard' | 'silent' | 'refused' | 'lost'): void
}

/**
 * A worker answers at once. In Firefox a shared one never does once the frame was given the hub's own cookies; one whose
 * script is slow does so later.
 */
const PATIENCE_MS = 2000

export function createStreamLink({ onAnswer, onStatus, onWorker }: StreamLinkEvents): StreamLink {
  let script: string | undefined
  let shared: MessagePort | undefined
  let own: Worker | undefined
  let silence: ReturnType<typeof setTimeout> | undefined

  function receive({ data }: MessageEvent<FromWorker>): void {
    if (data.type === 'answer') onAnswer(data.answer)
    else if (data.type === 'stream') onStatus(data.status)
    else onWorker('refused')
  }

  function share(name: string): MessagePort {
    const { port } = new SharedWorker(scriptUrl(), name)
    port.onmessage = (event: MessageEvent<FromWorker>) => {
      // A worker that was given up meanwhile has nothing to say.
      if (port !== shared) return
      clearTimeout(silence)
      onWorker('heard')
      receive(event)
    }
    return port
  }

  function employ(): Worker {
    const worker = new Worker(scriptUrl())
    worker.onmessage = (event) => {
      worker.onerror = null
      receive(event)
    }
    // Before it has spoken, it is the script that did not get through.
    worker.onerror = () => worker === own && onWorker('lost')
    return worker
  }

  function scriptUrl(): string {
    script ??= trustScriptUrl(address)
    return script
  }

  function leaveShared(): void {
    clearTimeout(silence)
    shared?.postMessage({ type: 'leave' } satisfies ToWorker)
    shared?.close()
    shared = undefined
  }

  return {
    follow(worker, wish) {
      const name = nameOf(wish)
      if (worker === 'shared') {
        try {
          shared ??= share(name)
        } catch {
          // There are none, or, in Firefox, the user has switched storage off.
          return onWorker('refused')
        }
        clearTimeout(silence)
        silence = setTimeout(onWorker, PATIENCE_MS, 'silent')
        // No key: WebKit hands none on to shared workers, and loses the message that holds one.
        shared.postMessage({ type: 'follow', ...wish, key: undefined, room: undefined } satisfies ToWorker)
      } else {
        own ??= employ()
        own.postMessage({ type: 'follow', ...wish, room: worker === 'elected' ? name : undefined } satisfies ToWorker)
      }
    },
    wake(revision) {
      const message: ToWorker = { type: 'wake', revision }
      ;(own ?? shared)?.postMessage(message)
    },
    leave(worker) {
      if (worker === 'all' || worker === 'shared') leaveShared()
      if (worker === 'shared') return
      own?.terminate()
      own = undefined
    },
  }
}

/**
 * Neighbours below one registrable domain share a partition: the worker is named by its site. And a page that did not
 * ask for tokens does not get those of the next tab.
 */
function nameOf({ embedder: { site, wantsToken } }: Pick<Wish, 'embedder'>): string {
  return `isthmus-${site}${wantsToken ? '-token' : ''}`
}
