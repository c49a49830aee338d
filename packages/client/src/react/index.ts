'use client'

export type { Verdict } from '../bindings/verdict.ts'
export { SignedIn, type SignedInProps, SignedOut, Unknown } from './gates.tsx'
export { IsthmusProvider, type IsthmusProviderProps } from './provider.tsx'
export { type UsedSession, useRequireSession, useSession } from './use-session.ts'
