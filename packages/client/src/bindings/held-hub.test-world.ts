import { vi } from 'vitest'

/** Options of a session whose frame a test sees come and go. */
export const OPTIONS = { hub: 'https://auth.example.com', link: 'manual' } as const

/** A hub that never answers. Gives the sessions that began, told by their frames, and whether each has ended. */
export function holdHub(): () => { readonly ended: boolean }[] {
  const frames: Element[] = []
  const { createElement } = document
  vi.spyOn(document, 'createElement').mockImplementation((...args: Parameters<typeof createElement>) => {
    const element = createElement.apply(document, args)
    if (element.localName === 'iframe') {
      // An empty document in place of the hub's page: it goes before the address.
      element.setAttribute('srcdoc', '')
      // Nor does it load: the client would say hello to an origin that is not there, which is no error but in happy-dom.
      element.addEventListener('load', (event) => event.stopImmediatePropagation())
      frames.push(element)
    }
    return element
  })
  vi.stubGlobal('fetch', () => new Promise(() => {}))
  return () => frames.map((frame) => ({ ended: !frame.isConnected }))
}

/** What the console was told, warnings and errors alike; hydration mismatches among them. */
export function listenToConsole(): () => string[] {
  const spies = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')].map((spy) => spy.mockImplementation(() => {}))
  return () => spies.flatMap((spy) => spy.mock.calls.map((line) => line.map(String).join(' ')))
}
