import { IsthmusError } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'

/** `GET /healthz`: for load balancers and supervisors. Why it fails is told to the program only. */
export async function checkHealth(_: Request, { health }: HubParts): Promise<Response> {
  const verdict = await health()
  return Response.json(verdict, { status: verdict.status === 'ok' ? 200 : 503, headers: PRIVATE_HEADERS })
}

/** `GET /metrics`: as if it did not exist, unless the program switched it on. */
export async function printMetrics(_: Request, { metrics }: HubParts): Promise<Response> {
  if (!metrics) throw new IsthmusError('not-found')
  return new Response(await metrics.print(), {
    headers: { ...PRIVATE_HEADERS, 'Content-Type': metrics.contentType },
  })
}
