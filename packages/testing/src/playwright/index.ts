export {
  expect,
  type IsthmusFixtures,
  type IsthmusOptions,
  type IsthmusWorkerOptions,
  test,
} from './fixtures.ts'
export type { TestHub, TestSite } from './test-hub.ts'
