import {
  type Bounce,
  bounceSchema,
  IsthmusError,
  type Origin,
  RETURN_TO_LIMIT,
  TICKET_FRAGMENT,
  visitIdSchema,
} from '@isthmus/protocol'
import { mayReturnTo, type Site } from '../config/site.ts'
import type { HubParts } from '../parts.ts'
import type { Bearer } from '../session/tickets.ts'
import { returnAddressOf } from './return-address.ts'

/** Where a visit came back from, or goes back to: to a page of a registered site, and nowhere else. */
export interface Destination {
  readonly site: Site
  readonly origin: Origin
  readonly returnTo: string
  /** Absent: the client keeps nothing, and comes back without a ticket. */
  readonly challenge?: string | undefined
}

/** A top-level visit of the hub, after its way back was checked. */
export interface CheckedVisit extends Destination {
  readonly to: 'link' | 'login'
  readonly prompt?: Bounce['prompt']
  /** The short id, if it was registered: good once. */
  readonly id?: string
  /** The query that names it again. */
  readonly query: Readonly<Record<string, string>>
}

/** Reads a visit from a query: a short id, or all in full. Nothing is used up by that. */
export async function readVisit(
  to: CheckedVisit['to'],
  search: URLSearchParams,
  hub: Pick<HubParts, 'sites' | 'visits'>,
): Promise<CheckedVisit> {
  const id = search.get('visit')
  if (id !== null) return readRegistered(to, id, hub)
  const { prompt, challenge, ...destination } = await readDestination(search, hub)
  const { returnTo, site } = destination
  const query = {
    to,
    return_to: returnTo,
    site: site.id,
    ...(challenge !== undefined && { challenge }),
    ...(prompt !== undefined && { prompt }),
  }
  return { ...destination, challenge, prompt, to, query }
}

async function readRegistered(
  to: CheckedVisit['to'],
  id: string,
  { sites, visits }: Pick<HubParts, 'sites' | 'visits'>,
): Promise<CheckedVisit> {
  const visit = visitIdSchema.safeParse(id).success ? await visits.find(id) : undefined
  const site = visit?.to === to ? await sites.byId(visit.site) : undefined
  if (!visit || !site) throw new IsthmusError('visit-unknown')
  // The registration of the site may have changed meanwhile.
  if (!mayReturnTo(site, visit.returnTo)) throw new IsthmusError('return-to-refused')
  return { ...visit, site, id, query: { to, visit: id } }
}

/** Reads where to go back to from a query in full. */
export async function readDestination(
  query: URLSearchParams,
  { sites }: Pick<HubParts, 'sites'>,
): Promise<Destination & Pick<CheckedVisit, 'prompt'>> {
  const parsed = bounceSchema.safeParse(Object.fromEntries(query))
  if (!parsed.success) {
    throw new IsthmusError(
      'invalid-request',
      `A visit needs return_to, an absolute URL of at most ${RETURN_TO_LIMIT} characters.`,
    )
  }
  const { return_to, site: id, challenge, prompt } = parsed.data
  const back = returnAddressOf(return_to)
  const site = back && (await sites.byOrigin(back.origin, id))
  if (!back || !site || !mayReturnTo(site, back.href)) throw new IsthmusError('return-to-refused')
  return { site, origin: back.origin, returnTo: back.href, challenge, prompt }
}

/** The address that takes the user back; with a ticket, if the client asked for one. */
export async function addressBack(
  { returnTo, challenge, site, origin }: Destination,
  bearer: Bearer,
  { tickets }: Pick<HubParts, 'tickets'>,
): Promise<string> {
  if (challenge === undefined) return returnTo
  const back = new URL(returnTo)
  back.hash = ''
  return `${back.href}#${TICKET_FRAGMENT}=${await tickets.issue({ ...bearer, site: site.id, origin, challenge })}`
}
