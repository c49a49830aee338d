import { IsthmusError } from '@isthmus/protocol'
import * as z from 'zod'
import type { Hub } from '../create-hub.ts'
import type { SubjectChange } from '../session/subject.ts'

/** What a back end may do with the sessions of a hub: one entry for the routes, the checks and the OpenAPI document. */
export interface Operation<Input = Readonly<Record<string, unknown>>> {
  readonly method: 'get' | 'delete' | 'patch'
  /** Below `/isthmus/admin`; `{name}` is part of the input. */
  readonly path: string
  readonly means: string
  /** All that is taken, wherever it stands. */
  readonly input: z.ZodType<Input>
  /** Where each part of the input stands. */
  readonly places: { readonly [Name in keyof Input]-?: 'query' | 'path' | 'body' }
  readonly answer: z.ZodType
  run(hub: Pick<Hub, 'sessions'>, input: Input): Promise<object>
}

interface OfUser {
  readonly sub: string
}

interface OfSession {
  readonly sid: string
}

interface ChangeOfSession extends OfSession {
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly groups?: readonly string[] | undefined
}

interface Operations {
  readonly listSessions: Operation<OfUser>
  readonly endSessions: Operation<OfUser>
  readonly endSession: Operation<OfSession>
  readonly changeSession: Operation<ChangeOfSession>
}

export type OperationName = keyof Operations

const time = z.int().nonnegative().describe('Milliseconds since the epoch.')
const sub = z.string().min(1).max(255).describe('Your own id of the user.')
const sid = z.string().min(1).max(128).describe('Public id of the session; never a secret.')
const claims = z.record(z.string(), z.unknown())
const groups = z.array(z.string())

const sessionSchema = z.strictObject({
  sid,
  sub,
  claims,
  groups,
  createdAt: time,
  expiresAt: time,
  idleExpiresAt: time,
  seenAt: time,
  device: z.strictObject({
    browser: z.string().optional(),
    system: z.string().optional(),
    kind: z.enum(['desktop', 'mobile', 'tablet', 'tv']).optional(),
  }),
  place: z.string().optional(),
  sites: z.array(z.strictObject({ site: z.string(), firstAt: time, lastAt: time })),
})

const endedSchema = z.strictObject({ ended: z.int().nonnegative().describe('How many sessions ended.') })

export const OPERATIONS: Operations = {
  listSessions: {
    method: 'get',
    path: '/sessions',
    means: 'The live sessions of a user.',
    input: z.strictObject({ sub }),
    places: { sub: 'query' },
    answer: z.strictObject({ sessions: z.array(sessionSchema) }),
    run: async ({ sessions }, input) => ({ sessions: await sessions.list(input.sub) }),
  },
  endSessions: {
    method: 'delete',
    path: '/sessions',
    means: 'Ends all sessions of a user, on every site.',
    input: z.strictObject({ sub }),
    places: { sub: 'query' },
    answer: endedSchema,
    run: async ({ sessions }, input) => ({ ended: await sessions.revokeAll(input.sub) }),
  },
  endSession: {
    method: 'delete',
    path: '/sessions/{sid}',
    means: 'Ends one session, on every site. To end one that is over does nothing.',
    input: z.strictObject({ sid }),
    places: { sid: 'path' },
    answer: endedSchema,
    run: async ({ sessions }, input) => ({ ended: Number(await sessions.revoke(input.sid)) }),
  },
  changeSession: {
    method: 'patch',
    path: '/sessions/{sid}',
    means: 'Changes groups or claims of a live session; each replaces what was there. Every open page follows.',
    input: z.strictObject({ sid, claims: claims.optional(), groups: groups.optional() }),
    places: { sid: 'path', claims: 'body', groups: 'body' },
    answer: z.strictObject({ changed: z.literal(true) }),
    async run({ sessions }, { sid: which, claims: newClaims, groups: newGroups }) {
      const change: SubjectChange = {
        ...(newClaims !== undefined && { claims: newClaims }),
        ...(newGroups !== undefined && { groups: newGroups }),
      }
      if (!(await sessions.update(which, change))) throw new IsthmusError('not-found', 'There is no such live session.')
      return { changed: true }
    },
  },
}

/** All of them, whatever they take. */
export const ALL_OPERATIONS: readonly (readonly [OperationName, Operation])[] = Object.entries(OPERATIONS) as never
