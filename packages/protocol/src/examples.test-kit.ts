import type * as z from 'zod/mini'
import type { EndpointName } from './endpoint-facts.ts'
import type { Message } from './messages.ts'
import { visitSchema } from './messages.ts'
import {
  discoverySchema,
  healthSchema,
  hubPageDataSchema,
  problemSchema,
  redeemedSchema,
  redeemSchema,
  registeredVisitSchema,
} from './payloads.ts'
import { type SiteAnswer, siteAnswerSchema } from './state.ts'

// What PROTOCOL.md shows of every message, and of every endpoint that takes or gives JSON.

const isthmus = 1
const NOW = 1_767_225_600_000
const ticket = 'vO2c1SRlmdMLrSzOGY3p6lXQ0MRLbbQ-eRwV2sMjFnA'
const verifier = 'dBjftJeZ4CVP-mBDYw3JqHQqv1dH4nW6Hr4o1uFZk9A'
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const visit = 'k3v5q2mzd7ahx4wnrgt6ybpco2'
const returnTo = 'https://shop.example/cart?id=7'

const answer: SiteAnswer = {
  site: 'shop',
  carrier: 'partitioned',
  state: {
    status: 'signed-in',
    access: 'granted',
    sid: 'pQ7b1x0c',
    user: { sub: 'u-17', name: 'Ada' },
    expiresAt: NOW + 43_200_000,
    idleExpiresAt: NOW + 1_800_000,
    revision: NOW,
  },
}
const ended: SiteAnswer = {
  site: 'shop',
  carrier: 'partitioned',
  state: { status: 'signed-out', reason: 'logout', revision: NOW + 60_000 },
}
const unproven: SiteAnswer = { ...answer, carrier: 'none' }

/** One of each message. */
export const MESSAGE_EXAMPLES: { readonly [Type in Message['type']]: Extract<Message, { type: Type }> } = {
  hello: { isthmus, type: 'hello', site: 'shop' },
  welcome: { isthmus, type: 'welcome', answer, peers: 'https://news.example https://staff.example', aheadMs: 12 },
  ask: { isthmus, type: 'ask', id: 1 },
  redeem: { isthmus, type: 'redeem', id: 2, ticket, verifier },
  touch: { isthmus, type: 'touch', id: 3 },
  'sign-out': { isthmus, type: 'sign-out', id: 4 },
  visit: { isthmus, type: 'visit', id: 5, to: 'link', returnTo, challenge },
  answer: { isthmus, type: 'answer', id: 2, answer: unproven },
  'visit-registered': { isthmus, type: 'visit-registered', id: 5, visit },
  refusal: { isthmus, type: 'refusal', id: 2, code: 'ticket-expired' },
  push: { isthmus, type: 'push', answer: ended },
  stream: { isthmus, type: 'stream', status: 'open' },
  bounce: { isthmus, type: 'bounce' },
  news: { isthmus, type: 'news', answer: ended },
}

interface Exchange {
  readonly takes?: readonly [z.ZodMiniType, unknown]
  readonly gives: readonly [z.ZodMiniType, unknown]
}

/** One exchange with each endpoint that takes or gives JSON. */
export const ENDPOINT_EXAMPLES: { readonly [Name in EndpointName]?: Exchange } = {
  hub: {
    gives: [hubPageDataSchema, { origin: 'https://shop.example', answer, peers: '', now: NOW, nonce: 'm1x2y3z4.h0Yk' }],
  },
  session: { gives: [siteAnswerSchema, answer] },
  touch: { gives: [siteAnswerSchema, answer] },
  signOut: { gives: [siteAnswerSchema, ended] },
  redeem: { takes: [redeemSchema, { ticket, verifier }], gives: [redeemedSchema, { ...answer, handle: challenge }] },
  events: { gives: [siteAnswerSchema, answer] },
  registerVisit: {
    takes: [visitSchema, { to: 'link', returnTo, challenge }],
    gives: [registeredVisitSchema, { visit }],
  },
  linkFrame: { gives: [redeemedSchema, answer] },
  healthz: { gives: [healthSchema, { status: 'ok' }] },
  livez: { gives: [healthSchema, { status: 'ok' }] },
  readyz: { gives: [healthSchema, { status: 'draining' }] },
  discovery: { gives: [discoverySchema, { issuer: 'https://auth.example.com', version: 1, site: 'shop' }] },
}

/** What any endpoint answers that refuses. */
export const PROBLEM_EXAMPLE = [
  problemSchema,
  { error: 'ticket-expired', message: 'The ticket is older than it may be.' },
] as const
