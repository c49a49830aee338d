export { type Call, createFakeSession, type FakeSession } from './fake-session.ts'
export { denied, signedIn, signedOut, unknown } from './snapshots.ts'
