export type { Verdict } from '../bindings/verdict.ts'
export { createIsthmus, type IsthmusOptions } from './plugin.ts'
export { type UsedSession, useSession } from './use-session.ts'
