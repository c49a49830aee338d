import { IsthmusError, type RegisteredVisit, visitSchema } from '@isthmus/protocol'
import { mayReturnTo } from '../config/site.ts'
import type { HubParts } from '../parts.ts'
import { embedderByHubPage } from '../requests/embedder.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'
import { returnAddressOf } from '../visits/return-address.ts'

/** `POST /visits`: what would be refused is refused while the page still stands. */
export async function registerVisit(request: Request, { settings, sites, visits }: HubParts): Promise<Response> {
  const { site } = await embedderByHubPage(request, settings.origin, sites)
  const body = visitSchema.safeParse(await request.json().catch(() => undefined))
  if (!body.success) throw new IsthmusError('invalid-request')
  const back = returnAddressOf(body.data.returnTo)
  if (!back || !mayReturnTo(site, back.href)) throw new IsthmusError('return-to-refused')
  const visit = await visits.register({ ...body.data, returnTo: back.href, site: site.id, origin: back.origin })
  return Response.json({ visit } satisfies RegisteredVisit, { headers: PRIVATE_HEADERS })
}
