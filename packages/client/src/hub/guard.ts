import { type HubToClient, PROTOCOL_VERSION, type Welcome } from '@isthmus/protocol'

/** What each message is about: an answer, or a text. */
const MATTER = {
  welcome: 'answer',
  answer: 'answer',
  push: 'answer',
  refusal: 'code',
  'visit-registered': 'visit',
  stream: 'status',
  bounce: 'type',
}

/**
 * Whether a message can be taken in. It comes from the hub's own frame, which has parsed what it passes on: what is
 * looked at is that this version of the wire has such a message, and that nothing that the client reads is missing.
 */
export function isFromHub(data: unknown): data is Welcome | HubToClient {
  const message = Object(data)
  const { isthmus, type, peers, aheadMs } = message
  if (isthmus !== PROTOCOL_VERSION || !isText(type) || !Object.hasOwn(MATTER, type)) return false
  if (type === 'welcome' && !(isText(peers) && isInteger(aheadMs))) return false
  const matter = MATTER[type as keyof typeof MATTER]
  return (matter === 'answer' ? isAnswer : isText)(message[matter])
}

function isAnswer(answer: unknown): boolean {
  const { site, carrier, state } = Object(answer)
  const { status, revision, sid, user, expiresAt, idleExpiresAt } = Object(state)
  const isSignedIn = () => isText(sid) && isText(Object(user).sub) && isInteger(expiresAt) && isInteger(idleExpiresAt)
  const isKnown = status === 'signed-out' || status === 'unlinked' || (status === 'signed-in' && isSignedIn())
  return isText(site) && isText(carrier) && isInteger(revision) && isKnown
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isInteger(value: unknown): boolean {
  return Number.isSafeInteger(value)
}
