import { fillIn } from '../every-world/acts.ts'
import { expect, test } from '../every-world/fixtures.ts'
import { PATIENCE } from '../patience.ts'

/** An element that says nothing for so long is taken for one that never will. */
const SILENCE_MS = 20_000

interface Plan {
  readonly addresses: readonly string[]
  readonly silenceMs: number
}

/** Loads every address in every way that a page has, and gives all that it may observe. It runs in the page. */
async function observe({ addresses, silenceMs }: Plan): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {}
  const place = document.body.appendChild(document.createElement('div'))

  function element(tag: string, attributes: object): Promise<HTMLElement & { said: string }> {
    const made = Object.assign(document.createElement(tag), attributes, { said: 'silence' })
    return new Promise((resolve) => {
      for (const name of ['load', 'error'])
        made.addEventListener(name, () => resolve(Object.assign(made, { said: name })))
      setTimeout(resolve, silenceMs, made)
      place.append(made)
    })
  }
  const framesIn = (frame: unknown): unknown => {
    const { contentWindow } = frame as HTMLIFrameElement
    return contentWindow && [contentWindow.length, contentWindow.closed]
  }
  const fetched = (url: string, init: RequestInit): Promise<unknown> =>
    fetch(url, { credentials: 'include', ...init }).then(
      ({ status, type, redirected }) => [status, type, redirected],
      (error: Error) => error.name,
    )
  // As a set: the last one may be entered late.
  const sizesOf = (entry: PerformanceEntry): string => {
    const { initiatorType, transferSize, decodedBodySize, redirectStart, responseStatus } =
      entry as PerformanceResourceTiming
    return [initiatorType, transferSize, decodedBodySize, redirectStart, responseStatus].join(' ')
  }
  const posted = async (url: string, index: number): Promise<unknown> => {
    const name = `target-${index}`
    const frame = element('iframe', { name })
    const form = Object.assign(document.createElement('form'), { method: 'post', action: url, target: name })
    place.append(form)
    form.submit()
    const { said } = await frame
    return said
  }

  await Promise.all(
    addresses.map(async (url, index) => {
      const [img, script, style, object, frame, prefetch, form] = await Promise.all([
        element('img', { src: url }),
        element('script', { src: url }),
        element('link', { rel: 'stylesheet', href: url }),
        element('object', { data: url }),
        element('iframe', { src: url }),
        element('link', { rel: 'prefetch', href: url }),
        posted(url, index),
      ])
      seen[url] = {
        img: [img.said, (img as unknown as HTMLImageElement).naturalWidth],
        script: script.said,
        style: style.said,
        object: object.said,
        frame: [frame.said, framesIn(frame)],
        prefetch: prefetch.said,
        form,
        opaque: await fetched(url, { mode: 'no-cors' }),
        cors: await fetched(url, {}),
        posted: await fetched(url, { mode: 'no-cors', method: 'POST' }),
        resources: [...new Set(performance.getEntriesByName(url).map(sizesOf))].sort(),
      }
    }),
  )
  place.remove()
  performance.clearResourceTimings()
  return { ...seen, history: history.length }
}

test('a foreign page learns nothing of who is signed in, by whatever it loads or opens', async ({ world, open }) => {
  const visit = new URLSearchParams({ return_to: world.url('shop'), challenge: 'c'.repeat(43), prompt: 'none' })
  const paths = {
    hub: `hub?${new URLSearchParams({ origin: world.url('shop', '') })}`,
    session: 'session?site=shop&token=1',
    events: 'events',
    link: `link?${visit}`,
    login: `login?${visit}`,
    logout: 'logout',
    'signed-out': 'signed-out',
    account: 'account',
  }
  const addresses = Object.values(paths).map((path) => world.url('hub', `/isthmus/${path}`))
  const buttons = [paths.link, paths['signed-out'], paths.account].map((path, index) => {
    const address = world.url('hub', `/isthmus/${path.replaceAll('&', '&amp;')}`)
    return `<button name="${address}">Open ${index}</button>`
  })
  // A page of its own: the client would load things by itself.
  world.hosts.set(world.names.evil, (_, response) =>
    response.setHeader('content-type', 'text/html').end(`<!doctype html><title>Evil</title>${buttons.join('')}<script>
      window.opened = []
      addEventListener('click', ({ target }) => target.name && opened.push(open(target.name)))
    </script>`),
  )
  const evil = await open(world.url('evil'))
  const plan: Plan = { addresses, silenceMs: SILENCE_MS }
  const lookAround = (): Promise<Record<string, unknown>> => evil.evaluate(observe, plan)

  /** Opens each window; the page's hold of it is cut before anything in it depends on its user. */
  async function openWindows(): Promise<void> {
    for (const index of [0, 1, 2]) {
      await evil.click(`text=Open ${index}`)
      await evil.waitFor(`opened.at(-1)?.closed`, { timeoutMs: PATIENCE.timeout })
    }
  }

  // Caches are filled first, as an attacker would.
  await lookAround()
  const signedOut = await lookAround()
  await openWindows()
  const hub = await open(world.url('hub', '/login'))
  await fillIn(hub, 'customer')
  // The window with the account had begun a sign-in, which may go on there.
  await hub.waitFor("location.pathname !== '/login' && document.querySelector('h1') !== null")
  const signedIn = await lookAround()
  expect(signedIn).toEqual(signedOut)
  await openWindows()
})
