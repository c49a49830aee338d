import { tabToTab } from 'virtual:isthmus/tables'
import { PROTOCOL_VERSION, type SiteAnswer, TAB_CHANNEL_PREFIX, type TabToTab } from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import { reportCorrupt } from '../diagnosis/report-corrupt.ts'
import { isForThisSite } from '../session/presence.ts'
import type { State } from '../session/state.ts'

/** The other tabs of this site, on its own origin. */
export interface Tabs {
  tell(answer: SiteAnswer): void
  /** Neither tells nor hears anything until it is opened again. */
  close(): void
  open(): void
}

export function openTabs(
  hub: string,
  site: string | undefined,
  onAnswer: (answer: SiteAnswer) => void,
  state: () => State,
): Tabs {
  const name = `${TAB_CHANNEL_PREFIX}${hub}:${site ?? ''}`
  let channel: BroadcastChannel | undefined
  let complained = false
  function open(): void {
    // Sandboxed pages have no channels; they ask the hub themselves.
    channel ??= createChannel(name)
    if (!channel) return
    channel.onmessage = ({ data }) => {
      const read = readAs(tabToTab, data)
      if (read !== MISFIT && isForThisSite(state(), (read as TabToTab).answer)) {
        onAnswer((read as TabToTab).answer)
        return
      }
      if (complained) return
      complained = true
      reportCorrupt(`BroadcastChannel ${name}`)
    }
  }
  open()
  return {
    tell({ site: id, carrier, state: told }) {
      // A token is for the page that asked for it: other tabs have their own.
      const { token: _, ...known } = told as typeof told & { token?: string }
      const answer = { site: id, carrier, state: known } as SiteAnswer
      channel?.postMessage({ isthmus: PROTOCOL_VERSION, type: 'news', answer } satisfies TabToTab)
    },
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
