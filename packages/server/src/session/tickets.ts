import { IsthmusError, type Origin, TICKET_LIFETIME_MS } from '@isthmus/protocol'
import type { Clock, Store } from '../store/store.ts'
import { createSecret, sha256 } from './secrets.ts'

/** Whom a ticket carries into a partition: a session that is kept, live or not, or the guest of a browser that is signed out. */
export type Bearer = { readonly sid: string } | { readonly guest: string }

/** What a ticket is good for: one site, at one origin, for the client that holds the verifier, and one bearer. */
export type TicketBinding = Bearer & {
  readonly site: string
  readonly origin: Origin
  /** S256 of the verifier that the client keeps (RFC 7636). */
  readonly challenge: string
}

/** Single-use codes that carry a session into a partition. */
export interface Tickets {
  issue(binding: TicketBinding): Promise<string>
  /** Burns the ticket, whoever presents it, and gives its bearer if everything fits; throws `ticket-…` if not. */
  redeem(ticket: string, verifier: string, by: { site: string; origin: Origin }): Promise<Bearer>
}

const ticketKey = (ticket: string): string => `ticket/${sha256(ticket)}`

export function createTickets(store: Store, clock: Clock): Tickets {
  return {
    async issue(binding) {
      const ticket = createSecret()
      const expiresAt = clock() + TICKET_LIFETIME_MS
      // Kept a while longer than it is good for, so that "too late" and "never existed" are two answers.
      const forgetAt = expiresAt + TICKET_LIFETIME_MS
      const value = JSON.stringify({ ...binding, expiresAt })
      await store.write([{ put: ticketKey(ticket), value, expiresAt: forgetAt, ifVersion: null }])
      return ticket
    },

    async redeem(ticket, verifier, by) {
      // Taken before it is looked at: of many redeemers at once exactly one goes on.
      const value = await store.take(ticketKey(ticket))
      if (value === undefined) throw new IsthmusError('ticket-unknown')
      const binding = JSON.parse(value) as TicketBinding & { expiresAt: number }
      if (clock() >= binding.expiresAt) throw new IsthmusError('ticket-expired')
      const fits = binding.site === by.site && binding.origin === by.origin && binding.challenge === sha256(verifier)
      if (!fits) throw new IsthmusError('ticket-mismatch')
      return binding
    },
  }
}
