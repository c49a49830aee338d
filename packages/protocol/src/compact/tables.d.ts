/** The schemas of `@isthmus/protocol`, compiled at build time: see vite.config.ts. */
declare module 'virtual:isthmus/tables' {
  import type { Table } from '@isthmus/protocol/compact'
  export const clientToHub: Table
  export const discovery: Table
  export const hello: Table
  export const hubToClient: Table
  export const problem: Table
  export const redeemed: Table
  export const registeredVisit: Table
  export const siteAnswer: Table
  export const siteToken: Table
  export const tabToTab: Table
  export const welcome: Table
}
