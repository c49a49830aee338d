import { visitIdSchema } from '@isthmus/protocol'
import { mayReturnTo, type Site } from '../config/site.ts'
import type { HubParts } from '../parts.ts'
import { refererOriginOf } from '../requests/initiator.ts'
import { returnAddressOf } from './return-address.ts'

/** A way back to a registered site, for its user to take. */
export interface WayBack {
  readonly name: string
  readonly href: string
}

/** The site that a refused visit came from, as far as its address or the browser tells: registered ones only. */
export async function wayBackOf(
  { url, headers }: Request,
  { sites, visits, pendingSignIns }: HubParts,
): Promise<WayBack | undefined> {
  const query = new URL(url).searchParams
  // Most refusals name neither, and cost the store nothing.
  const idIn = (name: string): string | undefined => visitIdSchema.safeParse(query.get(name)).data
  const visitId = idIn('visit')
  const pendingId = idIn('pending')
  const visit =
    (visitId && (await visits.find(visitId))) ||
    (pendingId && (await pendingSignIns.find(pendingId))?.back) ||
    undefined
  const known = await sites.all()
  const to = (address: string | undefined, fits: (site: Site) => boolean): WayBack | undefined => {
    const site = address === undefined ? undefined : known.find(fits)
    return site && address !== undefined ? { name: site.name ?? site.id, href: address } : undefined
  }
  const asked = visit?.returnTo ?? returnAddressOf(query.get('return_to') ?? '')?.href
  const from = refererOriginOf(headers)
  const [named] = known.filter(({ id }) => id === query.get('site')).flatMap(({ origins }) => origins)
  return (
    to(asked, (site) => mayReturnTo(site, asked as string)) ??
    to(from, (site) => site.origins.some((origin) => origin === from)) ??
    to(named, ({ id }) => id === query.get('site'))
  )
}
