import { tabToTab } from 'virtual:isthmus/tables'
import { PROTOCOL_VERSION, type SiteAnswer, TAB_CHANNEL_PREFIX, type TabToTab } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { reportCorrupt } from '../diagnosis/report-corrupt.ts'

/** The other tabs of this site, on its own origin. */
export interface Tabs {
  tell(answer: SiteAnswer): void
  /** Neither tells nor hears anything until it is opened again. */
  close(): void
  open(): void
}

/** `onAnswer` gives false for an answer that is not for this site. */
export function openTabs(hub: string, site: string | undefined, onAnswer: (answer: SiteAnswer) => boolean): Tabs {
  const name = `${TAB_CHANNEL_PREFIX}${hub}:${site ?? ''}`
  let channel: BroadcastChannel | undefined
  let complained = false
  function open(): void {
    // Sandboxed pages have no channels; they ask the hub themselves.
    channel ??= createChannel(name)
    if (!channel) return
    channel.onmessage = ({ data }) => {
      const read = readAs(tabToTab, data)
      if ((read !== MISFIT && onAnswer((read as TabToTab).answer)) || complained) return
      complained = true
      reportCorrupt(`BroadcastChannel ${name}`)
    }
  }
  open()
  return {
    tell: (answer) => channel?.postMessage({ isthmus: PROTOCOL_VERSION, type: 'news', answer } satisfies TabToTab),
    close() {
      channel?.close()
      channel = undefined
    },
    open,
  }
}

function createChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name)
  } catch {
    return undefined
  }
}
