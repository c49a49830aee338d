import type { Diagnosis, Snapshot } from '@isthmus/client'
import type { PrivacyWorld, Tab } from '@isthmus/testing'
import { expect } from '@playwright/test'
import { PATIENCE } from '../patience.ts'
import type { Host, World } from '../world.ts'

/** Waits until the page shows this of the session. */
export async function shows(tab: Tab, wanted: string | RegExp): Promise<void> {
  const shown = expect.poll(() => tab.text('output'), PATIENCE)
  await (typeof wanted === 'string' ? shown.toBe(wanted) : shown.toMatch(wanted))
}

/** What the page knows of the session. */
export function snapshot(tab: Tab): Promise<Snapshot> {
  return tab.evaluate('session.current')
}

/** Every snapshot that was announced since the page was loaded, the first one included. */
export function seen(tab: Tab): Promise<Snapshot[]> {
  return tab.evaluate('seen')
}

/** What the page says of its way to the hub. */
export function diagnosis(tab: Tab): Promise<Diagnosis> {
  return tab.evaluate('session.diagnose()')
}

/** All that the console has said, as one text. In WebKit only what was said in the document that is open now. */
export async function consoleText(tab: Tab): Promise<string> {
  return (await tab.console()).map(({ text }) => text).join('\n')
}

/** Ends the session from a site's page. */
export async function signOut(tab: Tab): Promise<void> {
  await tab.evaluate('session.signOut()')
}

/** Signs in from a site's page, as a user does, and waits to be back. */
export async function signIn(tab: Tab, user: string): Promise<void> {
  await isSettled(tab)
  await clickSignIn(tab, user)
}

/** The same from whatever the page shows just now. */
export async function clickSignIn(tab: Tab, user: string): Promise<void> {
  const isBack = await leave(tab)
  await fillIn(tab, user)
  await isBack()
}

/** Signs in where the login page asks nothing, or where there is a session already. */
export async function signInAtOnce(tab: Tab): Promise<void> {
  await isSettled(tab)
  await clickSignInAtOnce(tab)
}

/** The same from whatever the page shows just now. */
export async function clickSignInAtOnce(tab: Tab): Promise<void> {
  const isBack = await leave(tab)
  await isBack()
}

/** Signs in at the auth domain itself, on behalf of no site. */
export async function signInAtHub(tab: Tab, world: World, user: string): Promise<void> {
  await tab.goto(world.url('hub', '/login'))
  await fillIn(tab, user)
  await tab.waitFor("document.querySelector('h1')?.textContent === 'Auth domain'", { timeoutMs: PATIENCE.timeout })
}

/** How often the pages of a host were loaded in tabs so far, as the host has seen it. */
export function loadsOf(world: World, host: Host): number {
  return world.hosts.requests.filter((one) => one.host === world.names[host] && one.destination === 'document').length
}

/** How often a tab was led through the hub without being asked. */
export function bounces(world: World): number {
  const isBounce = ({ host, path, destination }: (typeof world.hosts.requests)[number]): boolean =>
    host === world.names.hub && destination === 'document' && path.startsWith('/isthmus/link')
  return world.hosts.requests.filter(isBounce).length
}

/** What a page shows whose partition has no carrier: where the hub's own cookie would get through, nobody is signed in. */
export const UNLINKED: Readonly<Record<PrivacyWorld, string>> = {
  'chromium-allowed': 'signed-out: none',
  'chromium-blocked': 'unknown: partitioned',
  firefox: 'unknown: partitioned',
  webkit: 'unknown: partitioned',
}

/**
 * What a page without a carrier shows after its user has signed in at the hub: `known` where its frame has the hub's own
 * cookie. Firefox gives it to the frame after a visit from the site, though not always before the frame is loaded.
 */
export function afterLogin(privacyWorld: PrivacyWorld, known: string): RegExp {
  const shown = {
    'chromium-allowed': [known],
    'chromium-blocked': ['unknown: partitioned'],
    firefox: [known, 'unknown: partitioned'],
    webkit: ['unknown: partitioned'],
  }[privacyWorld]
  return new RegExp(`^(${shown.join('|')})$`)
}

/** The bounces that one tab makes where nothing stands in its way. */
export const ONCE: Readonly<Record<PrivacyWorld, number>> = {
  'chromium-allowed': 0,
  'chromium-blocked': 1,
  firefox: 1,
  webkit: 1,
}

/** The hub has said something definite: nothing leads the page away any more. */
function isSettled(tab: Tab): Promise<void> {
  return shows(tab, /signed-out|signed in|denied/)
}

/** Fills in the login page, once it is there. */
export async function fillIn(tab: Tab, user: string): Promise<void> {
  await tab.waitFor("location.pathname === '/login' && document.querySelector('button') !== null")
  await tab.fill('label=User', user)
  await tab.click('text=Sign in')
}

/** Starts to sign in; the result waits until the site's page is there again. */
async function leave(tab: Tab): Promise<() => Promise<void>> {
  const host = await tab.evaluate<string>('location.host')
  // A page that is leaving may not answer any more.
  await tab.evaluate('(window.beforeSignIn = true, void session.signIn())').catch(() => undefined)
  const isBack = `location.host === '${host}' && !window.beforeSignIn && !location.hash.startsWith('#isthmus=')`
  return async () => void (await tab.waitFor(isBack, { timeoutMs: PATIENCE.timeout }))
}
