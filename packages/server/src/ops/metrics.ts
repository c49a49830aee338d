import type { EndpointName } from '@isthmus/protocol'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { HubEvents } from '../hub-events.ts'

/**
 * The numbers of one hub, in a registry of its own. No label holds anything that users or strangers choose: endpoints,
 * statuses, codes and registered sites only, so that there is no end of series and nobody is named.
 */
export interface Metrics {
  /** One answered request. */
  observe(endpoint: EndpointName | 'none', status: number, seconds: number): void
  /** A stream was told of a change, so long after this server had heard of it. */
  pushed(seconds: number): void
  readonly contentType: string
  print(): Promise<string>
}

interface Sources {
  readonly events: HubEvents
  /** Deliveries that are not done. */
  readonly pendingDeliveries: () => Promise<number>
  readonly openStreams: () => number
}

export function createMetrics({ events, pendingDeliveries, openStreams }: Sources): Metrics {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })

  const requests = new Histogram({
    name: 'isthmus_request_seconds',
    help: 'Time until an answer began, by endpoint and status',
    labelNames: ['endpoint', 'status'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5],
    registers,
  })
  const pushes = new Histogram({
    name: 'isthmus_push_seconds',
    help: 'Time from the news of a change until a stream was told of it',
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5],
    registers,
  })
  const signIns = new Counter({ name: 'isthmus_sign_ins_total', help: 'Sign-ins', registers })
  const signOuts = new Counter({
    name: 'isthmus_sign_outs_total',
    help: 'Sessions ended by the user (logout) or by others (revoked); expiry is not counted',
    labelNames: ['reason'],
    registers,
  })
  const links = new Counter({
    name: 'isthmus_links_total',
    help: 'Partitions linked, by site',
    labelNames: ['site'],
    registers,
  })
  const denied = new Counter({
    name: 'isthmus_denied_total',
    help: 'Requests refused, by error code',
    labelNames: ['code'],
    registers,
  })
  const errors = new Counter({ name: 'isthmus_errors_total', help: 'Failures of the hub or its store', registers })
  const attempts = new Histogram({
    name: 'isthmus_delivery_seconds',
    help: 'Back-channel logout: time of an attempt, by site and result',
    labelNames: ['site', 'result'],
    buckets: [0.05, 0.25, 1, 5],
    registers,
  })
  new Gauge({
    name: 'isthmus_deliveries_pending',
    help: 'Back-channel logout: deliveries in the store that no site has confirmed yet',
    registers,
    async collect() {
      this.set(await pendingDeliveries())
    },
  })
  new Gauge({
    name: 'isthmus_streams_open',
    help: 'Event streams that are open',
    registers,
    collect() {
      this.set(openStreams())
    },
  })

  events.watch('sign-in', () => signIns.inc())
  events.watch('sign-out', ({ reason }) => signOuts.inc({ reason }))
  events.watch('link', ({ site }) => links.inc({ site }))
  events.watch('denied', ({ code }) => denied.inc({ code }))
  events.watch('delivery', ({ site, ok, durationMs }) =>
    attempts.observe({ site, result: ok ? 'confirmed' : 'failed' }, durationMs / 1000),
  )
  events.watch('error', () => errors.inc())

  return {
    observe(endpoint, status, seconds) {
      requests.observe({ endpoint, status: String(status) }, seconds)
    },
    pushed: (seconds) => pushes.observe(seconds),
    contentType: registry.contentType,
    print: () => registry.metrics(),
  }
}
