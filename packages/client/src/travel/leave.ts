import { type Bounce, ENDPOINTS, type Origin, originOf } from '@isthmus/protocol'
import type { Departure, Preparation } from '../session/state.ts'
import type { BrowserMemory } from './browser-memory.ts'
import { isForOnce, isInUse } from './page-facts.ts'
import type { TabMemory } from './tab-memory.ts'

/** One by one: a computed name would carry every endpoint of the hub into the bundle. */
const PATHS = { link: ENDPOINTS.link.path, login: ENDPOINTS.login.path, logout: ENDPOINTS.logout.path }

/** What the page may need to tell of itself. */
export interface Surroundings {
  readonly site: string | undefined
  readonly embedded: boolean
  /** How long a page is given to leave, in milliseconds. */
  readonly patienceMs: number
  readonly memory: TabMemory
  readonly browser: BrowserMemory
  /** Origins of the hub's other sites, separated by spaces. */
  readonly peers: () => string
}

/** Leads the page to the hub. */
export interface Exit {
  prepare(departure: number): Promise<Preparation>
  /** `false`: the tab can keep nothing, or no other one can be opened; it stays. */
  leave(departure: Departure): boolean
}

export function createExit(hub: Origin, surroundings: Surroundings): Exit {
  const { site, embedded, patienceMs, memory, browser, peers } = surroundings
  // One for all visits that this page begins: of two that overtake each other either ticket fits.
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))

  /** A registered visit is named by its id; else the address tells the hub all. */
  function address(path: string, input: Bounce, visit?: string): string {
    const query = visit === undefined ? { ...input, ...(site !== undefined && { site }) } : { visit }
    return `${hub}${path}?${new URLSearchParams(query)}`
  }

  /** The user came from the hub, or from another site of it. */
  function isFromAnotherSite(): boolean {
    const from = originOf(document.referrer)
    return from !== undefined && from !== location.origin && [hub, ...peers().split(' ')].includes(from)
  }

  return {
    async prepare(departure) {
      // From a frame a tab is opened, which cannot use it; and WebKit opens none that waited for it after the click.
      const challenge = embedded ? '' : await s256(verifier)
      const { href } = location
      return {
        departure,
        href,
        visible: document.visibilityState === 'visible',
        isUsed: isInUse(),
        stays: isForOnce(href),
        wasLed: memory.wasLedFrom(withoutFragment(href)),
        hasReason: browser.wasLinked() || isFromAnotherSite(),
        mark: memory.mark(),
        keeps: memory.works(),
        challenge,
      }
    },
    leave({ to, errand, returnTo: href, challenge, visit }) {
      // On the way to another page, this one is what that page will have come from.
      const referrer = errand === 'ride' ? withoutFragment(location.href) : document.referrer
      const kept = challenge !== undefined && memory.keep({ verifier, href, referrer })
      // Only a tab that can keep nothing has to show its fragment to the hub, or lose it.
      const back = kept || to === 'logout' ? withoutFragment(href) : href
      const input = { return_to: back, ...(kept && { challenge }), ...(to === 'link' && { prompt: 'none' as const }) }
      if (to === 'link' && !(kept && memory.setMark('left'))) return false
      const target = address(PATHS[to], input, kept ? visit : undefined)
      nameThisPage(patienceMs)
      // The hub shows its pages in no frame.
      if (embedded) return opensTab(target)
      if (errand === 'ride') browser.noteRide()
      if (errand === 'unlinked') memory.noteLedFrom(back)
      // No entry in the history: "back" leads to the page before.
      if (to === 'link' && errand !== 'ride') location.replace(target)
      else location.assign(target)
      return true
    },
  }
}

/** The hub goes along only with a page that names itself (Referer): the page's own policy may keep browsers from it. */
function nameThisPage(forMs: number): void {
  const policy = Object.assign(document.createElement('meta'), { name: 'referrer', content: 'origin' })
  document.head.append(policy)
  // A page that stays after all has its own policy back.
  setTimeout(() => policy.remove(), forMs)
}

/** From a frame whose sandbox forbids it, Firefox throws. */
function opensTab(address: string): boolean {
  try {
    return open(address, '_blank') !== null
  } catch {
    return false
  }
}

function withoutFragment(url: string): string {
  return url.split('#', 1)[0] as string
}

async function s256(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
}

function base64url(bytes: Uint8Array): string {
  // 32 bytes make 43 letters, and one sign to fill up.
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '')
}
