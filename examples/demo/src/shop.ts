import type { Express } from 'express'
import type { Addresses } from './addresses.ts'
import { createSiteApp, type SiteRegistration } from './site-app.ts'

/** The Lantern Room, a small lamp shop: customers only, and told no more than a name and their points. */
export function shopRegistration(addresses: Addresses): SiteRegistration {
  return {
    id: 'shop',
    name: 'The Lantern Room',
    origins: [addresses.shop],
    claims: ['name', 'points'],
    groups: { anyOf: ['customers'] },
  }
}

/** The shop takes the client from npm, as a module. */
export function createShopApp(addresses: Addresses): Express {
  return createSiteApp('shop', addresses, 'import')
}
