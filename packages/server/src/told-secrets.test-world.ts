import { inspect } from 'node:util'
import { TICKET_FRAGMENT } from '@isthmus/protocol'
import type { Hub } from './create-hub.ts'

const EVENTS = ['sign-in', 'sign-out', 'link', 'delivery', 'denied'] as const

/** What a hub gave to browsers in confidence, and what it said to its program meanwhile. */
export interface ToldSecrets {
  /** Notes the secrets in an answer, or in the cookies of a sign-in. */
  note(from: Response | readonly string[]): Promise<void>
  /** Throws if one of them was told, or stands in the store as it is. */
  search(stored: string): void
}

export function watchForSecrets(hub: Hub): ToldSecrets {
  const secrets = new Set<string>()
  const told: string[] = []
  for (const name of EVENTS) hub.on(name, (event) => told.push(`${name} ${inspect(event, { depth: null })}`))

  const keep = (value: string | undefined): void => {
    if (value !== undefined && value.length >= 43) secrets.add(value)
  }

  return {
    async note(from) {
      const cookies = from instanceof Response ? from.headers.getSetCookie() : from
      for (const cookie of cookies) keep(/^[^=]+=([^;]*)/.exec(cookie)?.[1])
      if (!(from instanceof Response)) return
      keep(from.headers.get('location')?.split(`#${TICKET_FRAGMENT}=`)[1])
      if (from.headers.get('content-type')?.startsWith('application/json')) {
        const text = await from.clone().text()
        for (const [, value] of text.matchAll(/"(?:handle|token)":"([^"]*)"/g)) keep(value)
      }
    },
    search(stored) {
      for (const secret of secrets) {
        const line = [...told, stored].find((text) => text.includes(secret))
        if (line !== undefined) throw new Error(`A secret was told: ${secret} in ${line.slice(0, 500)}`)
      }
    },
  }
}
