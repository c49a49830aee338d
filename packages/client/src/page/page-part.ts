import { TOKEN_RENEW_MS } from '@isthmus/protocol'
import type { Part } from '../part.ts'
import { acts } from '../session/acts.ts'
import { presence } from '../session/presence.ts'
import { browserMemory } from '../travel/browser-memory.ts'
import { tabMemory } from '../travel/tab-memory.ts'
import { openTabs } from './tabs.ts'
import { followTransferLinks } from './transfer-links.ts'
import { watchEnd } from './watch-end.ts'
import { watchFrame } from './watch-frame.ts'
import { watchPage } from './watch-page.ts'

const ASK_AGAIN_MS = 1000

/** What a page needs once its first answer is there: it hears of its user, of other tabs, and of the end that is near. */
export const part: Part = {
  on: { ...presence, ...acts },
  start({ hub, site, signal, state, dispatch, later, subscribe, transfer, frame }) {
    const tabs = openTabs(hub, site, (answer) => dispatch({ type: 'news', answer }), state)
    const end = watchEnd(() => dispatch({ type: 'end-due' }))
    const look = (): void => end.look(state().snapshot, state().aheadMs)
    const lookAtFrame = watchFrame(frame, (swapped) => dispatch({ type: 'frame-removed', swapped }), signal)
    subscribe(() => {
      look()
      lookAtFrame()
    })
    watchPage((event) => {
      // Chromium drops a page from its back-forward cache when a channel brings it a message there.
      if (event.type === 'left') tabs.close()
      if (event.type === 'restored') tabs.open()
      dispatch(event)
      // Where the machine slept, the timer of the warning did too.
      if (event.type === 'looked-at') look()
    }, signal)
    const memory = tabMemory(hub, site)
    const browser = browserMemory(memory.name)
    followTransferLinks(transfer, signal)
    signal.addEventListener('abort', () => {
      tabs.close()
      end.stop()
    })
    return {
      relay: ({ answer }) => tabs.tell(answer),
      mark({ mark }) {
        memory.setMark(mark)
        if (state().snapshot.status === 'signed-in') browser.noteLinked()
      },
      'renew-later': () => later({ type: 'renewal-due' }, TOKEN_RENEW_MS),
      'repeat-later': () => later({ type: 'repeat-due' }, ASK_AGAIN_MS),
    }
  },
}
