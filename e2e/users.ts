import type { Subject } from '@isthmus/server'

/** Who can sign in; the login page of the tests asks for the name only. */
export const USERS: Readonly<Record<string, Subject>> = {
  customer: { sub: 'u-customer', claims: { name: 'The customer', plan: 'gold', desk: 'none' }, groups: ['customers'] },
  reader: { sub: 'u-reader', claims: { name: 'The reader', plan: 'paper' } },
  clerk: { sub: 'u-clerk', claims: { name: 'The clerk', plan: 'staff', desk: 'returns' }, groups: ['staff'] },
}
