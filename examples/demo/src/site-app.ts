import { fileURLToPath } from 'node:url'
import express, { type Express } from 'express'
import type { Addresses, Place } from './addresses.ts'
import { importMapHashes, securityHeaders } from './content-policy.ts'
import { fillPage, publicPath, readPage } from './pages.ts'

/** What the hub is told of a site. */
export interface SiteRegistration {
  readonly id: string
  readonly name: string
  readonly origins: string[]
  readonly claims: string[]
  readonly groups?: { readonly anyOf: string[] }
}

/** How a site's page gets the client: as a module of its own bundle, or by the hub's script tag. */
export type ClientDelivery = 'import' | 'script-tag'

/** One site's Express app: its page at `/`, its files at `/assets`. */
export function createSiteApp(place: Exclude<Place, 'auth'>, addresses: Addresses, delivery: ClientDelivery): Express {
  const page = fillPage(readPage(`${place}/page.html`), addresses)
  const app = express().disable('x-powered-by')

  app.use(
    securityHeaders({
      scripts: delivery === 'script-tag' ? [addresses.auth] : importMapHashes(page),
      hub: addresses.auth,
    }),
  )
  app.get('/', (_request, response) => {
    // Never `no-store`: it would keep the page out of the browser's back/forward cache.
    response.set('Cache-Control', 'no-cache').type('html').send(page)
  })
  if (delivery === 'import') {
    app.use('/assets/isthmus', express.static(fileURLToPath(new URL('.', import.meta.resolve('@isthmus/client')))))
  }
  serveAssets(app, place)
  return app
}

/** Serves a host's own files and the shared ones at `/assets`. */
export function serveAssets(app: Express, place: Place): void {
  app.use('/assets', express.static(publicPath(place)), express.static(publicPath('shared')))
  app.get('/favicon.ico', (_request, response) => response.redirect(301, '/assets/icon.svg'))
}
