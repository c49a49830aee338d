import { tabToTab } from 'virtual:isthmus/tables'
import { PROTOCOL_VERSION, type SiteAnswer, TAB_CHANNEL_PREFIX, type TabToTab } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'

/** The other tabs of this site, on its own origin. */
export interface Tabs {
  tell(answer: SiteAnswer): void
  close(): void
}

export function openTabs(hub: string, site: string | undefined, onAnswer: (answer: SiteAnswer) => void): Tabs {
  // Sandboxed pages have no channels; they ask the hub themselves.
  const channel = createChannel(`${TAB_CHANNEL_PREFIX}${hub}:${site ?? ''}`)
  if (channel) {
    channel.onmessage = ({ data }) => {
      const read = readAs(tabToTab, data)
      if (read !== MISFIT) onAnswer((read as TabToTab).answer)
    }
  }
  return {
    tell: (answer) => channel?.postMessage({ isthmus: PROTOCOL_VERSION, type: 'news', answer } satisfies TabToTab),
    close: () => channel?.close(),
  }
}

function createChannel(name: string): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(name)
  } catch {
    return undefined
  }
}
