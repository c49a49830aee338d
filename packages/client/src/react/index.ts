'use client'

export type { SessionSource } from '../bindings/session-of.ts'
export type { Granted, SignedOutSnapshot, UnknownSnapshot } from '../bindings/signed-in.ts'
export { SessionProvider, type SessionProviderProps } from './session-provider.ts'
export { type InState, SignedIn, type SignedInProps, SignedOut, Unknown } from './signed-in.ts'
export { type SessionView, useReady, useRequireSession, useSession } from './use-session.ts'
