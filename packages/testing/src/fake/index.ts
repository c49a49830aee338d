export { createFakeSession, type FakeCall, type FakeMethod, type FakeSession } from './create-fake-session.ts'
