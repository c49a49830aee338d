import type { SiteAnswer, SiteState } from '@isthmus/protocol'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { arrived } from '../session/driver.test-kit.ts'
import type { State } from '../session/state.ts'
import { openTabs, type Tabs } from './tabs.ts'

const HUB = 'https://auth.example'
const ANSWER: SiteAnswer = {
  site: 'shop',
  carrier: 'cookie',
  state: { status: 'signed-out', reason: 'logout', revision: 7 },
}

const opened: { close(): void }[] = []

beforeEach(() => {
  vi.spyOn(console, 'warn').mockReturnValue()
})
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

interface Tab extends Tabs {
  readonly heard: SiteAnswer[]
}

function openTab(site?: string, hub = HUB): Tab {
  const heard: SiteAnswer[] = []
  const tabs = openTabs(hub, site, (answer) => heard.push(answer), arrived)
  opened.push(tabs)
  return { ...tabs, heard }
}

/** A script of the site itself, which may say anything on its own origin. */
function openChannel(site = ''): BroadcastChannel {
  const channel = new BroadcastChannel(`isthmus:${HUB}:${site}`)
  opened.push(channel)
  return channel
}

test('every other tab hears the news, and the teller does not', async () => {
  const [one, two, three] = [openTab('shop'), openTab('shop'), openTab('shop')]
  one.tell(ANSWER)
  await expect.poll(() => [two.heard, three.heard]).toEqual([[ANSWER], [ANSWER]])
  expect(one.heard).toEqual([])
})

test('a token is not told to other tabs, nor where it may lie', async () => {
  const state: SiteState = {
    status: 'signed-in',
    access: 'granted',
    sid: 's1',
    user: { sub: 'customer' },
    expiresAt: 9000,
    idleExpiresAt: 8000,
    revision: 10,
  }
  const other = openTab('shop')
  openTab('shop').tell({ ...ANSWER, state: { ...state, token: 'h.one.x' }, cookieDomain: 'shop.example' })
  await expect.poll(() => other.heard).toEqual([{ ...ANSWER, state }])
})

test('tabs of another site on the same origin, or of another hub, hear nothing', async () => {
  const strangers = [openTab(), openTab('news'), openTab('shop', 'https://auth.other.example')]
  const friend = openTab('shop')
  openTab('shop').tell(ANSWER)
  await expect.poll(() => friend.heard).toEqual([ANSWER])
  for (const { heard } of strangers) expect(heard).toEqual([])
})

test('what is not ours is reported once, and news of another site is not ours', async () => {
  const heard: SiteAnswer[] = []
  const state: State = { ...arrived(), site: 'shop' }
  opened.push(
    openTabs(
      HUB,
      undefined,
      (answer) => heard.push(answer),
      () => state,
    ),
  )
  const channel = openChannel()
  for (const message of [null, 'news', { isthmus: 1, type: 'news', answer: { ...ANSWER, site: 'news' } }]) {
    channel.postMessage(message)
  }
  channel.postMessage({ isthmus: 1, type: 'news', answer: ANSWER })
  await expect.poll(() => heard).toEqual([ANSWER])
  expect(vi.mocked(console.warn).mock.calls).toEqual([
    [expect.stringContaining(`isthmus: storage-corrupt: BroadcastChannel isthmus:${HUB}:`)],
  ])
})

describe('what does not fit is not news', () => {
  test.each<[string, unknown]>([
    ['nothing', null],
    ['text', 'news'],
    ['the bare answer', ANSWER],
    ['news without a version', { type: 'news', answer: ANSWER }],
    ['news of another version', { isthmus: 2, type: 'news', answer: ANSWER }],
    ['another message', { isthmus: 1, type: 'push', answer: ANSWER }],
    ['news without a state', { isthmus: 1, type: 'news', answer: { site: 'shop', carrier: 'cookie' } }],
    ['a state that there is not', { isthmus: 1, type: 'news', answer: { ...ANSWER, state: { status: 'known' } } }],
    [
      'a revision that is no number',
      { isthmus: 1, type: 'news', answer: { ...ANSWER, state: { ...ANSWER.state, revision: '9' } } },
    ],
  ])('%s', async (_, message) => {
    const { heard } = openTab()
    const channel = openChannel()
    channel.postMessage(message)
    channel.postMessage({ isthmus: 1, type: 'news', answer: ANSWER })
    await expect.poll(() => heard.length).toBeGreaterThan(0)
    expect(heard).toEqual([ANSWER])
  })

  test('more than the protocol names is left out', async () => {
    const { heard } = openTab()
    openChannel().postMessage({ isthmus: 1, type: 'news', answer: { ...ANSWER, token: 't' }, from: 'eve' })
    await expect.poll(() => heard).toEqual([ANSWER])
  })
})

test('a closed tab hears nothing', async () => {
  const [closed, open] = [openTab('shop'), openTab('shop')]
  closed.close()
  openTab('shop').tell(ANSWER)
  await expect.poll(() => open.heard).toEqual([ANSWER])
  expect(closed.heard).toEqual([])
})

test('a tab that was closed and is opened again hears what is told from then on', async () => {
  const [kept, other] = [openTab('shop'), openTab('shop')]
  kept.close()
  kept.tell(ANSWER)
  kept.open()
  kept.open()
  openTab('shop').tell({ ...ANSWER, carrier: 'none' })
  await expect.poll(() => [kept.heard, other.heard].map(({ length }) => length)).toEqual([1, 1])
  expect(kept.heard).toEqual(other.heard)
})

test('a page that may have no channels does without', () => {
  vi.stubGlobal(
    'BroadcastChannel',
    class {
      constructor() {
        throw new DOMException('This document is sandboxed.', 'SecurityError')
      }
    },
  )
  const tab = openTab('shop')
  expect(() => tab.tell(ANSWER)).not.toThrow()
  expect(() => tab.close()).not.toThrow()
})
