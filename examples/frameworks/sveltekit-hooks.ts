import type { Verdict } from '@isthmus/site'
import { verifier } from './verifier.ts'

interface Event {
  request: Request
  locals: { isthmus?: Verdict }
}

export async function handle({ event, resolve }: { event: Event; resolve: (event: Event) => Promise<Response> }) {
  event.locals.isthmus = await verifier.verify(event.request)
  const response = await resolve(event)
  response.headers.set('Cache-Control', 'private, no-cache')
  return response
}
