import type { Snapshot } from '@isthmus/protocol'

/** A user whom this site's groups admit, with the claims that the site may see. */
export type Granted = Extract<Snapshot, { status: 'signed-in'; access: 'granted' }>

/** The hub said that nobody is signed in, and why. */
export type SignedOutSnapshot = Extract<Snapshot, { status: 'signed-out' }>

/** Nothing definite is known, and why. */
export type UnknownSnapshot = Extract<Snapshot, { status: 'unknown' }>

/** The snapshot, if it is of a user whom this site admits. */
export function granted(snapshot: Snapshot): Granted | undefined {
  return snapshot.status === 'signed-in' && snapshot.access === 'granted' ? snapshot : undefined
}
