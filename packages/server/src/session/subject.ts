import { IsthmusError } from '@isthmus/protocol'

/** Who signs in. */
export interface Subject {
  /** Your own id of the user; the same for every site. */
  readonly sub: string
  /** What there is to know; each site sees only the claims it is registered for. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly groups?: readonly string[]
}

/** Refuses what types alone refuse in TypeScript. Groups above all: in a plain string "staff" is found in "not-staff". */
export function checkSubject(subject: Subject): void {
  const { sub, claims = {}, groups = [] } = subject ?? {}
  if (typeof sub !== 'string' || sub.length === 0 || sub.length > 255) {
    refuse('sub is 1 to 255 characters, the same for this user at every sign-in.')
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) refuse('claims is an object.')
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string'))
    refuse('groups is a list of strings.')
}

function refuse(sentence: string): never {
  throw new IsthmusError('invalid-request', `signIn: ${sentence}`)
}
