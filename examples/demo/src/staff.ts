import type { Express } from 'express'
import type { Addresses } from './addresses.ts'
import { createSiteApp, type SiteRegistration } from './site-app.ts'

/** The Pilot House, the operations console: group `staff` only; others are known here, but not admitted. */
export function staffRegistration(addresses: Addresses): SiteRegistration {
  return {
    id: 'staff',
    name: 'The Pilot House',
    origins: [addresses.staff],
    claims: ['name', 'desk'],
    groups: { anyOf: ['staff'] },
  }
}

/** The console takes the client from npm, as a module. */
export function createStaffApp(addresses: Addresses): Express {
  return createSiteApp('staff', addresses, 'import')
}
