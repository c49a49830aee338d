import { type Bounce, ENDPOINTS, type Origin } from '@isthmus/protocol'
import type { Departure, Preparation } from '../session/state.ts'
import type { TabMemory } from './tab-memory.ts'

/** One by one: a computed name would carry every endpoint of the hub into the bundle. */
const PATHS = { link: ENDPOINTS.link.path, login: ENDPOINTS.login.path, logout: ENDPOINTS.logout.path }

/** Leads the page to the hub. */
export interface Exit {
  prepare(departure: number): Promise<Preparation>
  /** `false`: the tab can keep nothing, and stays. */
  leave(departure: Departure): boolean
}

export function createExit(hub: Origin, site: string | undefined, memory: TabMemory): Exit {
  // One for all visits that this page begins: of two that overtake each other either ticket fits.
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)))

  /** A registered visit is named by its id; else the address tells the hub all. */
  function address(path: string, input: Bounce, visit?: string): string {
    const query = visit === undefined ? { ...input, ...(site !== undefined && { site }) } : { visit }
    return `${hub}${path}?${new URLSearchParams(query)}`
  }

  return {
    async prepare(departure) {
      const challenge = await s256(verifier)
      const visible = document.visibilityState === 'visible'
      const { href } = location
      return { departure, href, visible, mark: memory.mark(), keeps: memory.works(), challenge }
    },
    leave({ to, returnTo: href, challenge, visit }) {
      const kept = challenge !== undefined && memory.keep({ verifier, href })
      // Only a tab that can keep nothing has to show its fragment to the hub, or lose it.
      const back = kept || to === 'logout' ? withoutFragment(href) : href
      const input = { return_to: back, ...(kept && { challenge }) }
      if (to === 'link' && !(kept && memory.setMark('left'))) return false
      nameThisPage()
      if (to === 'link') {
        // No entry in the history: "back" leads to the page before.
        location.replace(address(PATHS.link, { ...input, prompt: 'none' }, visit))
      } else {
        location.assign(address(PATHS[to], input, kept ? visit : undefined))
      }
      return true
    },
  }
}

/** The hub goes along only with a page that names itself (Referer): the page's own policy may keep browsers from it. */
function nameThisPage(): void {
  document.head.append(Object.assign(document.createElement('meta'), { name: 'referrer', content: 'origin' }))
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
