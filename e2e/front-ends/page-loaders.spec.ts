import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { HostHandler, Tab } from '@isthmus/testing'
import { fillIn, shows, signIn, signOut } from '../every-world/acts.ts'
import { expect, test } from '../every-world/fixtures.ts'
import { PATIENCE } from '../patience.ts'

interface Loader {
  readonly name: string
  readonly script?: string
  /** What the body of each page says to it. */
  readonly attributes?: string
  /** Leads to another page; by default the user clicks a link. */
  readonly goTo?: (tab: Tab, path: string) => Promise<void>
}

/** What Astro's router does with the next page: https://docs.astro.build/en/reference/modules/astro-transitions/#swapfunctions */
async function swapAsAstro(tab: Tab, path: string): Promise<void> {
  await tab.evaluate(`fetch(${JSON.stringify(path)}).then((answer) => answer.text()).then((text) => {
    const next = new DOMParser().parseFromString(text, 'text/html')
    const root = document.documentElement
    for (const { name } of [...root.attributes]) root.removeAttribute(name)
    for (const { name, value } of [...next.documentElement.attributes]) root.setAttribute(name, value)
    document.body.replaceWith(next.body)
  })`)
}

/** What the whole document looks like to a page that is written anew: no element of the former one is left. */
async function replaceRoot(tab: Tab, path: string): Promise<void> {
  await tab.evaluate(`fetch(${JSON.stringify(path)}).then((answer) => answer.text()).then((text) => {
    document.documentElement.replaceWith(new DOMParser().parseFromString(text, 'text/html').documentElement)
  })`)
}

const LOADERS: readonly Loader[] = [
  { name: 'Turbo', script: '@hotwired/turbo/dist/turbo.es2017-umd.js' },
  { name: 'htmx', script: 'htmx.org/dist/htmx.js', attributes: 'hx-boost="true"' },
  { name: 'as Astro does', goTo: swapAsAstro },
  { name: 'the whole document', goTo: replaceRoot },
]

/** Pages that a loader swaps, with the hub's script in their head. Each has the id that makes `window.isthmus` an element. */
function pages(hub: string, { script, attributes = '' }: Loader): HostHandler {
  return async ({ url = '/' }, response) => {
    if (url === '/loader.js' && script) {
      response.writeHead(200, { 'content-type': 'text/javascript' })
      response.end(await readFile(fileURLToPath(import.meta.resolve(script))))
      return
    }
    const number = Number(/\d+/.exec(url)?.[0] ?? 0)
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html>
<html lang="en"><head><title>Page ${number}</title><link rel="icon" href="data:,">
<style>html:not([data-isthmus='signed-in']) .members { display: none }</style>
${script ? '<script src="/loader.js"></script>' : ''}<script src="${hub}/isthmus/client.js" data-link="eager" async></script></head>
<body ${attributes}><div id="isthmus"></div><h1>Page ${number}</h1><p class="members">For members</p>
<a href="/${number + 1}">Next page</a></body></html>`)
  }
}

for (const loader of LOADERS) {
  // Regression: a frame that was swapped away within 10 s was taken for one that an adversary had removed.
  test(`pages swapped by a loader keep the session, however fast the user clicks: ${loader.name}`, async ({
    world,
    open,
  }) => {
    world.hosts.set(world.names.news, pages(world.url('hub', ''), loader))
    const shop = await open(world.url('shop'))
    await signIn(shop, 'customer')
    await shows(shop, 'signed in: The customer')

    const tab = await open(world.url('news', '/1'))
    const isKnown = "document.documentElement.dataset.isthmus?.startsWith('sign') && 'signIn' in window.isthmus"
    await tab.waitFor(isKnown, { timeoutMs: PATIENCE.timeout })
    if ((await tab.evaluate('document.documentElement.dataset.isthmus')) === 'signed-out') {
      await tab.evaluate('void isthmus.signIn()')
      await fillIn(tab, 'customer').catch(() => undefined)
    }
    await tab.waitFor("document.documentElement.dataset.isthmus === 'signed-in'", { timeoutMs: PATIENCE.timeout })
    await tab.evaluate(
      '(window.seen = [], window.kept = true, void isthmus.subscribe(({ status }) => seen.push(status)))',
    )

    const isMember = "getComputedStyle(document.querySelector('.members')).display !== 'none'"
    for (let number = 2; number <= 6; number++) {
      await (loader.goTo ? loader.goTo(tab, `/${number}`) : tab.click('text=Next page'))
      await tab.waitFor(`document.querySelector('h1').textContent === 'Page ${number}' && ${isMember}`)
    }
    expect(await tab.evaluate('window.kept')).toBe(true)
    expect(await tab.evaluate('seen')).toEqual(['signed-in'])
    await expect.poll(() => tab.evaluate('isthmus.diagnose().then(({ stream }) => stream)'), PATIENCE).toBe('open')
    await signOut(shop)
    await tab.waitFor("document.documentElement.dataset.isthmus === 'signed-out'", { timeoutMs: PATIENCE.timeout })
    expect(await tab.evaluate('seen')).toEqual(['signed-in', 'signed-out'])
  })
}

test('the script finds its hub as a module, and as a text that a loader runs; or it says what is missing', async ({
  world,
  open,
}) => {
  const src = `${world.url('hub', '')}/isthmus/client.js`
  const run = (code: string): string => `<script>fetch('${src}').then((answer) => answer.text()).then(${code})</script>`
  const heads = {
    module: `<script type="module" src="${src}"></script>`,
    text: `<link rel="preload"><script type="text/plain" src="${src}"></script>${run('(0, eval)')}`,
    nothing: run('(0, eval)'),
  }
  for (const [path, head] of Object.entries(heads)) {
    world.hosts.set(world.names.news, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>News</title>${head}`)
    })
    const tab = await open(world.url('news', `/${path}`))
    if (path === 'nothing') {
      const said = async (): Promise<string> => (await tab.console()).map(({ text }) => text).join('\n')
      await expect.poll(said, PATIENCE).toContain('isthmus: which hub?')
    } else {
      await tab.waitFor('document.documentElement.dataset.isthmus', { timeoutMs: PATIENCE.timeout })
    }
  }
})
