import type { Inspector } from '../hub/transport.ts'
import type { Client, Part } from '../part.ts'
import type { Diagnosis } from './diagnosis.ts'
import { findingOf } from './findings.ts'
import { probeHub } from './probe-hub.ts'
import { explainSilence } from './silent-frame.ts'

/** The part that says why. */
export interface DiagnosisPart extends Part, Inspector {
  diagnose(client: Client): Diagnosis
}

/** Why the session is unknown: found out, and said. */
export const part: DiagnosisPart = {
  explain: explainSilence,
  probe: probeHub,
  start: ({ hub, transport }) => ({
    complain({ cause }) {
      const { message, cure } = findingOf(cause, hub, transport.directive)
      console.warn(`isthmus: ${cause}: ${message} ${cure}`)
    },
  }),
  diagnose({ hub, transport, state }) {
    const { cause, tabRefused, site, carrier, stream, lastChange } = state()
    const causes = new Set([...(cause ? [cause] : []), ...(tabRefused ? (['embedded'] as const) : [])])
    const findings = [...causes].map((one) => findingOf(one, hub, transport.directive))
    return { hub, site, carrier, stream, lastChange, findings }
  },
}
