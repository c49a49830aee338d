export type { Verdict } from '../bindings/verdict.ts'
export { getSession, type IsthmusOptions, setSession, type UsedSession } from './session-context.ts'
