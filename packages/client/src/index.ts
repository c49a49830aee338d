export { type Carrier, type ErrorCode, IsthmusError, type Snapshot, type UnknownReason } from '@isthmus/protocol'
export { createSession, type Diagnosis, type Session, type SessionOptions } from './create-session.ts'
export type { Finding } from './findings.ts'
export type { Via } from './machine.ts'
