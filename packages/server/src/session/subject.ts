import { IsthmusError } from '@isthmus/protocol'

/** Who signs in. */
export interface Subject {
  /** Your own id of the user; the same for every site. */
  readonly sub: string
  /** What there is to know; each site sees only the claims it is registered for. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly groups?: readonly string[]
}

/** What may change about the user of a session; what is left out stays as it is. */
export type SubjectChange = Partial<Pick<Subject, 'claims' | 'groups'>>

/** Refuses what types alone refuse in TypeScript. Groups above all: in a plain string "staff" is found in "not-staff". */
export function checkSubject(subject: Subject): void {
  const { sub } = subject ?? {}
  if (typeof sub !== 'string' || sub.length === 0 || sub.length > 255) {
    refuse('signIn', 'sub is 1 to 255 characters, the same for this user at every sign-in.')
  }
  check('signIn', subject)
}

/** As {@link checkSubject}, for a change. */
export function checkChange(change: SubjectChange): void {
  if (typeof change !== 'object' || change === null) refuse('sessions.update', 'the change is an object.')
  const other = Object.keys(change).find((key) => key !== 'claims' && key !== 'groups')
  if (other !== undefined) refuse('sessions.update', `"${other}" cannot be changed; there are claims and groups.`)
  check('sessions.update', change)
}

function check(call: string, { claims = {}, groups = [] }: SubjectChange): void {
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) refuse(call, 'claims is an object.')
  if (!Array.isArray(groups) || !groups.every((group) => typeof group === 'string'))
    refuse(call, 'groups is a list of strings.')
}

function refuse(call: string, sentence: string): never {
  throw new IsthmusError('invalid-request', `${call}: ${sentence}`)
}
