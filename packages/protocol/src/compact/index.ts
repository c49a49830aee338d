export { MISFIT, readAs } from './read-as.ts'
export type { Table } from './table.ts'
