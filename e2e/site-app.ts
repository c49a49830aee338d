import { fileURLToPath } from 'node:url'
import type { SessionOptions } from '@isthmus/client'
import { consoleRecorder } from '@isthmus/testing'
import express, { type Express, type RequestHandler } from 'express'

/** The client, and the parts that it loads, as files beside each other. */
const client = fileURLToPath(new URL('.', import.meta.resolve('@isthmus/client')))

/** Shows the session as text, and keeps every snapshot that was announced since the page was loaded. */
const follow = `
  window.seen = []
  session.subscribe((snapshot) => {
    seen.push(snapshot)
    document.querySelector('output').textContent =
      snapshot.status === 'signed-in'
        ? snapshot.access === 'granted' ? 'signed in: ' + snapshot.user.name : 'denied: ' + JSON.stringify(snapshot.user)
        : snapshot.status + ': ' + snapshot.reason
  })`

/** What a page tells the SDK, as a script tag does: features by name. */
export interface PageOptions extends Omit<SessionOptions, 'hub' | 'button' | 'mirror' | 'transport'> {
  readonly mirror?: 'cookie' | 'endpoint'
  readonly mirrorPath?: string
  readonly transport?: 'fetch'
}

/** What every page tells the SDK, unless its test says otherwise. */
const DEFAULTS: PageOptions = { link: 'eager' }

export interface SiteAppOptions {
  readonly name: string
  readonly hub: string
  readonly uses: 'import' | 'script tag'
  /** Markup for the head, before everything of ours. */
  readonly head?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What the page tells the SDK, besides the hub. */
  readonly options?: PageOptions
  /** Has a place for the hub's button. */
  readonly button?: boolean
  /** What the site's own back end answers first. */
  readonly backEnd?: RequestHandler
}

/**
 * A site: one page at every path, that follows the session. Its first script hears what the console says, for WebKit.
 * Its icon is in the page: one that has to be fetched keeps the page out of Firefox's back-forward cache until it is there.
 */
export function createSiteApp({
  name,
  hub,
  uses,
  head = '',
  headers = {},
  options = {},
  button = false,
  backEnd,
}: SiteAppOptions): Express {
  const told = { ...DEFAULTS, ...options }
  const script =
    uses === 'import'
      ? `<script type="module">
  import { cookieMirror, createSession, endpointMirror, fetchTransport } from '/isthmus-client/index.js'
  const { mirror, mirrorPath, transport, ...options } = ${JSON.stringify({ hub, ...told })}
  const button = document.getElementById('continue')
  const session = createSession({
    ...options,
    ...(mirror && { mirror: mirror === 'cookie' ? cookieMirror() : endpointMirror(mirrorPath) }),
    ...(transport === 'fetch' && { transport: fetchTransport() }),
    ...(button && { button }),
  })
  window.session = session
  ${follow}
</script>`
      : `<script src="${hub}/isthmus/client.js" ${attributesOf({ ...told, ...(button && { button: '#continue' }) })} async></script>
<script>
  document.addEventListener('isthmus:change', () => {
    if (window.session) return
    window.session = window.isthmus
    ${follow}
  })
</script>`
  const app = express()
  // A page that is "not modified" would keep the headers, and so the policy, that it had before.
  app.set('etag', false)
  if (backEnd) app.use(backEnd)
  app.use('/isthmus-client', express.static(client, { etag: false, lastModified: false }))
  app.get('/{*path}', (_, response) => {
    response.set(headers).send(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${name}</title><link rel="icon" href="data:,"><script>${consoleRecorder}</script>${head}</head>
<body><h1>${name}</h1><output>–</output><p><a href="/other">Another page</a></p>
${button ? '<div id="continue" style="width:20rem;height:3rem"></div>' : ''}${script}</body>
</html>`)
  })
  return app
}

/** The options as a script tag has them: `mirrorPath` is `data-mirror-path`. */
function attributesOf(options: object): string {
  return Object.entries(options)
    .map(([name, value]) => `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}="${value}"`)
    .join(' ')
}
