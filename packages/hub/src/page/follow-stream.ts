import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import type { FromWorker, ToWorker } from '../worker/worker-messages.ts'

/** What the page does with the stream that its worker holds. */
export interface StreamFollower {
  /** Follows the session of this answer, or stops if there is nothing to follow. */
  follow(answer: SiteAnswer): void
}

interface WorkerLink {
  postMessage(message: ToWorker): void
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null
}

/** The worker belongs to the partition where there are SharedWorkers, and to this page where there are none. */
export function followStream(
  worker: string,
  origin: string,
  onAnswer: (answer: SiteAnswer) => void,
  onStatus: (status: StreamStatus) => void,
): StreamFollower {
  const address = trustScriptUrl(worker)
  let link: WorkerLink | undefined
  let following: ToWorker = { type: 'leave' }

  function tell(message: ToWorker): void {
    link ??= connect(message.type === 'follow' ? message.site : '')
    link.postMessage(message)
  }

  function connect(site: string): WorkerLink {
    // Neighbours below one registrable domain share a partition: the worker is named by its site.
    const opened: WorkerLink =
      typeof SharedWorker === 'function' ? new SharedWorker(address, `isthmus-${site}`).port : new Worker(address)
    opened.onmessage = ({ data }) => {
      if (data.type === 'answer') onAnswer(data.answer)
      else onStatus(data.status)
    }
    return opened
  }

  // A page in the back-forward cache must not be written to; it asks again when it is shown.
  addEventListener('pagehide', () => link?.postMessage({ type: 'leave' }))
  addEventListener('pageshow', (event) => {
    if (event.persisted && following.type === 'follow') tell(following)
  })

  return {
    follow({ site, state }) {
      const next: ToWorker =
        state.status === 'signed-in' ? { type: 'follow', origin, site, sid: state.sid } : { type: 'leave' }
      if (next.type === 'leave' && following.type === 'leave') return
      following = next
      tell(next)
    },
  }
}

/** Under require-trusted-types-for a worker's address must come from a policy (Trusted Types §4.3). */
function trustScriptUrl(url: string): string {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown } }
  }
  const policy = trustedTypes?.createPolicy('isthmus', { createScriptURL: (text: string) => text })
  return (policy?.createScriptURL(url) ?? url) as string
}
