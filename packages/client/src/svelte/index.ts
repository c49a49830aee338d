export type { SessionSource } from '../bindings/session-of.ts'
export { requireSession, type SetSessionOptions, setSession, useSession } from './followed-session.ts'
