import { type Health, IsthmusError } from '@isthmus/protocol'
import type { HubParts } from '../parts.ts'
import { createKeyRing } from '../requests/bearer-key.ts'
import { PRIVATE_HEADERS } from '../responses/headers.ts'

/** `GET /healthz`: whether the hub and its store work. Why it fails is told to the program only. */
export async function checkHealth(_: Request, { health }: HubParts): Promise<Response> {
  const verdict = await health()
  return Response.json(verdict, { status: verdict.status === 'ok' ? 200 : 503, headers: PRIVATE_HEADERS })
}

/** `GET /livez`: for supervisors. A process that answers is not started anew because its store is away. */
export function tellAlive(): Response {
  return Response.json({ status: 'ok' } satisfies Health, { headers: PRIVATE_HEADERS })
}

/** `GET /readyz`: for load balancers. */
export async function tellReady(_: Request, { health, draining }: HubParts): Promise<Response> {
  const verdict: Health = draining.aborted ? { status: 'draining' } : await health()
  return Response.json(verdict, { status: verdict.status === 'ok' ? 200 : 503, headers: PRIVATE_HEADERS })
}

/** `GET /metrics`: as if it did not exist, unless the program switched it on, and the request has its key. */
export async function printMetrics({ headers }: Request, { metrics, settings }: HubParts): Promise<Response> {
  const { metricsKey: key } = settings
  const isOpen =
    key === undefined || createKeyRing([{ name: 'metrics', key }])(headers.get('authorization')) !== undefined
  if (!metrics || !isOpen) throw new IsthmusError('not-found')
  return new Response(await metrics.print(), {
    headers: { ...PRIVATE_HEADERS, 'Content-Type': metrics.contentType },
  })
}
