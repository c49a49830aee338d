import { PATIENCE } from '../patience.ts'
import { diagnosis, shows, signIn } from './acts.ts'
import { expect, test } from './fixtures.ts'
import { addToHubPage } from './hub-faults.ts'

/** Browsers open six connections to a host over HTTP/1.1, for all tabs of a partition together. */
const CONNECTIONS = 6

// Eight pages, each with its frame, are many for a busy machine.
test.setTimeout(90_000)

for (const [workers, script] of [
  ['whatever workers the browser shares', ''],
  ['a browser that shares none', 'delete window.SharedWorker'],
] as const) {
  // Regression: with one stream in each tab the seventh tab hung, and every question with it.
  test(`eight tabs over HTTP/1.1, in ${workers}: all follow, and one signs out all`, async ({ world, open }) => {
    if (script) addToHubPage(world, script)
    const first = await open(world.url('shop'))
    await signIn(first, 'customer')
    await shows(first, 'signed in: The customer')
    const tabs = [first]
    while (tabs.length < 8) tabs.push(await open(world.url('shop', `/tab/${tabs.length}`)))
    for (const tab of tabs) {
      await shows(tab, 'signed in: The customer')
      await expect.poll(async () => (await diagnosis(tab)).stream, PATIENCE).toBe('open')
    }
    const streams = world.hosts.requests.filter(
      ({ host, path, headers }) =>
        host === world.names.hub && path === '/isthmus/events' && headers['isthmus-origin'] === world.url('shop', ''),
    )
    expect(streams.length).toBeLessThan(CONNECTIONS)

    // The tab that holds the stream, where a tab does: another one takes its place.
    await first.goto('about:blank')
    const [, second, ...others] = tabs
    await second?.evaluate('session.signOut().then(() => 1)')
    for (const tab of others) await shows(tab, 'signed-out: logout')
  })
}
