import type { Express } from 'express'
import type { Addresses } from './addresses.ts'
import { drawEngraving } from './engraving.ts'
import { createSiteApp, type SiteRegistration } from './site-app.ts'

/** The Isthmus Courier, a newspaper: whoever signs in may read on. */
export function newsRegistration(addresses: Addresses): SiteRegistration {
  return { id: 'news', name: 'The Isthmus Courier', origins: [addresses.news], claims: ['name', 'plan'] }
}

/** The newspaper takes the client by the hub's script tag. */
export function createNewsApp(addresses: Addresses): Express {
  const app = createSiteApp('news', addresses, 'script-tag')
  const engraving = drawEngraving()
  app.get('/assets/engraving.svg', (_request, response) => {
    response.type('svg').send(engraving)
  })
  return app
}
