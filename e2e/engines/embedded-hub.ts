import type { HostHandler, Hosts, Scope, Tab, UserBrowser } from '@isthmus/testing'

/** What the tests of browsers act on: a hub that two sites embed. */
export const HOSTS = { hub: 'auth.localhost', shop: 'shop.localhost', news: 'news.localhost' } as const

/** Follows a stream for good, and tells every port all it has seen. */
const worker = `
  const lines = [], ports = []
  const say = (line) => { lines.push(line); for (const port of ports) port.postMessage(lines) }
  onconnect = ({ ports: [port] }) => { ports.push(port); port.postMessage(lines) }
  const read = async () => {
    const { body } = await fetch('/events', { cache: 'no-store', headers: { 'x-proof': 'worker' } })
    const reader = body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      say(value.trim())
    }
  }
  const follow = async () => {
    for (;;) {
      await read().catch(() => {})
      say('broken off')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  follow()`

/** Connects a document of the hub to the worker; gives what the worker has seen, once that is something. */
export const connectWorker = `new Promise((resolve) => {
  window.worker = new SharedWorker('/worker.js')
  worker.port.onmessage = ({ data }) => { window.lines = data; if (data.length > 0) resolve(data) }
})`

const page = (url = ''): string => new URL(url, 'https://any').pathname.slice(1)

/** Every page sets both kinds of cookie, `plain-<page>` and `chips-<page>`, to what it was loaded as. */
export const answerAsHub: HostHandler = (request, response) => {
  const name = page(request.url)
  switch (name) {
    case 'cookies':
      return response.end(request.headers.cookie ?? '')
    case 'favicon.ico':
      return response.writeHead(404).end()
    case 'worker.js':
      return response.writeHead(200, { 'content-type': 'text/javascript' }).end(worker)
    case 'events':
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
      return response.write(`data: ${request.headers['x-proof'] ?? 'nothing'}\n\n`)
  }
  const place = request.headers['sec-fetch-dest']
  response.setHeader('set-cookie', [
    `plain-${name}=${place}; Path=/; Secure; HttpOnly; SameSite=None`,
    `chips-${name}=${place}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned`,
  ])
  // A login as users meet it: they type, click, and are led back to the site.
  if (request.method === 'POST') return response.writeHead(303, { location: request.url?.split('to=')[1] }).end()
  return response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>Hub</title>
    <button type="button" onclick="window.clicked = [event.isTrusted, navigator.userActivation.isActive]">Press me</button>
    <form method="post"><label>Name <input name="name"></label><button>Go on</button></form>`)
}

/** Every page embeds the page of the hub of the same name. */
export const answerAsSite =
  (hosts: () => Hosts): HostHandler =>
  (request, response) => {
    const name = page(request.url)
    if (name === 'favicon.ico') return response.writeHead(404).end()
    return response
      .writeHead(200, { 'content-type': 'text/html', 'referrer-policy': 'no-referrer' })
      .end(`<!doctype html>
      <title>Site</title><h1>${name}</h1>
      <iframe src="${hosts().origin(HOSTS.hub)}/${name}" referrerpolicy="origin"></iframe>
      <script>
        addEventListener('pageshow', (event) => { window.persisted = event.persisted })
        addEventListener('pagehide', () => { delete window.persisted })
      </script>`)
  }

/** Opens a page in a new tab. */
export async function openTab(browser: UserBrowser, url: string): Promise<Tab> {
  const tab = await browser.newTab()
  await tab.goto(url)
  return tab
}

/** The frame of the hub, once it is loaded. */
export async function hubFrame(tab: Tab, hosts: Hosts): Promise<Scope> {
  const frame = tab.frame(`${hosts.origin(HOSTS.hub)}/`)
  await frame.waitFor("document.readyState === 'complete'")
  return frame
}

/** The cookies of one page that a document sends to the hub, sorted. */
export async function cookiesOf(document: Scope, name: string): Promise<string[]> {
  return cookiesIn(await document.evaluate<string>("fetch('/cookies').then((response) => response.text())"), name)
}

/** The cookies of one page in a Cookie header, sorted. */
export function cookiesIn(header: string | undefined, name: string): string[] {
  const cookies = (header ?? '').split('; ').filter((cookie) => cookie.includes(`-${name}=`))
  return cookies.sort()
}
