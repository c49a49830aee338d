import type { Tab } from '@isthmus/testing'
import type { TestInfo } from '@playwright/test'
import type { World } from './world.ts'

const answerMs = 3_000

/**
 * What a tab's console said, as text; nothing of a tab that is closed or hangs. Where it was said comes without its
 * fragment: Firefox names the address that the document was loaded from, with a ticket that is used up by then.
 */
export async function consoleOf(tab: Tab): Promise<string[]> {
  const lines = await answer(tab.console())
  return typeof lines === 'string'
    ? []
    : lines.map(({ level, text, url = '' }) => `console: ${level} ${text} ${url.split('#', 1)}`)
}

export function hasFailed({ status, expectedStatus }: TestInfo): boolean {
  return status !== expectedStatus
}

/** Attaches what each tab shows and has said. */
export async function attachTabs(info: TestInfo, tabs: readonly Tab[]): Promise<void> {
  for (const [index, tab] of tabs.entries()) await attach(info, `tab ${index + 1}`, await describeTab(tab))
}

/** Attaches what the hosts were asked, and what the hub did. */
export async function attachWorld(info: TestInfo, world: World): Promise<void> {
  await attach(
    info,
    'requests',
    world.hosts.requests.map(
      ({ at, method, host, path, destination = '–', status = 'open' }) =>
        `${clock(at)} ${method} ${host}${path} (${destination}) ${status}`,
    ),
  )
  await attach(
    info,
    'hub',
    world.hubLog.map(({ at, event, about }) => `${clock(at)} ${event} ${about}`),
  )
}

function attach(info: TestInfo, name: string, lines: readonly string[]): Promise<void> {
  return info.attach(name, { body: lines.join('\n'), contentType: 'text/plain' })
}

async function describeTab(tab: Tab): Promise<string[]> {
  const shown = `(async () => ({
    url: location.href,
    shows: document.querySelector('output')?.textContent,
    diagnosis: await window.session?.diagnose(),
    seen: window.seen,
  }))()`
  const page = await answer(tab.evaluate<object>(shown))
  const lines = await answer(tab.console())
  return [
    typeof page === 'string' ? page : JSON.stringify(page, null, 1),
    ...(typeof lines === 'string' ? [lines] : lines.map(({ level, text, url }) => `${level}: ${text} ${url ?? ''}`)),
  ]
}

/** What a tab says; a closed or hanging one says nothing. */
function answer<Value>(value: Promise<Value>): Promise<Value | string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, answerMs, 'no answer'))
  return Promise.race([value.catch(String), late])
}

function clock(at: number): string {
  return new Date(at).toISOString().slice(11, 23)
}
