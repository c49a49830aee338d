import { launchBrowser, type Tab } from '@isthmus/testing'
import { type BrowserWorld, startBrowserWorld } from '../browser-world.ts'
import { inRounds, ratios, table, withSpread } from '../rounds.ts'

const ROUNDS = 15
const DELAYS_MS = [0, 50]

const PAGES = [
  { name: 'Isthmus', path: '/isthmus', floor: '/bare' },
  { name: 'floor', path: '/bare', floor: '/bare' },
]
const VISITS = [
  { name: 'Isthmus', path: '/isthmus' },
  { name: 'floor', path: '/redirect' },
]

interface Took {
  readonly first: number
  readonly all: number
}

/** When a page knows who is signed in, in Chromium: against the least that could tell it. */
export async function measureFirstAnswer(): Promise<string> {
  const rows = [...(await measureAnswers()), ...(await measureVisits())]
  return table(['first answer, ms', 'Isthmus', 'floor', 'ratio of each round'], rows)
}

async function load(tab: Tab, url: string): Promise<Took> {
  await tab.goto(url)
  return tab.waitFor<Took>('window.took', { timeoutMs: 30_000 })
}

/** A page view that finds its scripts cached, against a bare frame with the state inlined. */
async function measureAnswers(): Promise<string[][]> {
  await using world = await startBrowserWorld(1)
  await using browser = await launchBrowser('chromium-allowed', { certificate: world.certificate })
  const tab = await browser.newTab()
  await tab.goto(world.url('hub', '/sign-in'))
  const rows: string[][] = []
  for (const delayMs of DELAYS_MS) {
    world.delay(delayMs)
    for (const { path } of PAGES) await load(tab, world.url(0, path))
    const results = await inRounds(PAGES, ROUNDS, async ({ path }) => (await load(tab, world.url(0, path))).first)
    rows.push(rowOf(`by the frame, +${delayMs} ms a request, against a bare frame with the state inlined`, results))
  }
  return rows
}

/** A partition that is linked, the visit of the hub included, against a bare redirect there and back. */
async function measureVisits(): Promise<string[][]> {
  await using world = await startBrowserWorld(ROUNDS * VISITS.length * DELAYS_MS.length)
  await using browser = await launchBrowser('chromium-blocked', { certificate: world.certificate })
  const tab = await browser.newTab()
  await tab.goto(world.url('hub', '/sign-in'))
  let site = 0
  const rows: string[][] = []
  for (const delayMs of DELAYS_MS) {
    world.delay(delayMs)
    // Every one in a partition of its own, which nothing has touched before.
    const results = await inRounds(VISITS, ROUNDS, async ({ path }) => (await load(tab, nextSite(world, path))).all)
    rows.push(
      rowOf(`first visit of a partition, +${delayMs} ms a request, against a bare redirect there and back`, results),
    )
  }
  return rows

  function nextSite({ url }: BrowserWorld, path: string): string {
    return url(site++, path)
  }
}

function rowOf(what: string, results: ReadonlyMap<string, readonly number[]>): string[] {
  const [ours, floor] = [results.get('Isthmus') ?? [], results.get('floor') ?? []]
  return [what, withSpread(ours), withSpread(floor), withSpread(ratios(ours, floor), 2)]
}
