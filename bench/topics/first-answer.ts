import { launchBrowser, type Tab } from '@isthmus/testing'
import { type BrowserWorld, startBrowserWorld } from '../browser-world.ts'
import { inRounds, ratios, table, withSpread } from '../rounds.ts'

const ROUNDS = 15
const DELAYS_MS = [0, 50]

const PAGES = [
  { name: 'Isthmus, by the frame', path: '/isthmus' },
  { name: 'Isthmus, by fetch', path: '/isthmus-fetch' },
  { name: 'a bare frame with the state inlined', path: '/bare' },
  { name: 'a bare fetch with credentials', path: '/bare-fetch' },
]
/** Which of them is held against which. */
const PAIRS = [
  ['Isthmus, by the frame', 'a bare frame with the state inlined'],
  ['Isthmus, by fetch', 'a bare frame with the state inlined'],
  ['Isthmus, by fetch', 'a bare fetch with credentials'],
  ['Isthmus, by fetch', 'Isthmus, by the frame'],
] as const
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
  return table(['first answer, ms', 'this', 'that', 'ratio of each round'], rows)
}

async function load(tab: Tab, url: string): Promise<Took> {
  await tab.goto(url)
  return tab.waitFor<Took>('window.took', { timeoutMs: 30_000 })
}

/** A page view that finds its scripts cached: by the frame, and by requests of the page (`fetchTransport`). */
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
    for (const [ours, floor] of PAIRS)
      rows.push(rowOf(`${ours}, +${delayMs} ms a request, against ${floor}`, results, ours, floor))
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

function rowOf(
  what: string,
  results: ReadonlyMap<string, readonly number[]>,
  ours = 'Isthmus',
  floor = 'floor',
): string[] {
  const [us, them] = [results.get(ours) ?? [], results.get(floor) ?? []]
  return [what, withSpread(us), withSpread(them), withSpread(ratios(us, them), 2)]
}
