import type { Message } from './messages.ts'

/** Where each message may travel; PROTOCOL.md prints it. */
export const MESSAGE_FACTS: Record<Message['type'], { from: string; to: string; over: string; means: string }> = {
  hello: { from: 'client', to: 'hub', over: 'window + port', means: 'The page was not greeted, and asks to be.' },
  ask: { from: 'client', to: 'hub', over: 'port', means: 'What is the state now?' },
  redeem: { from: 'client', to: 'hub', over: 'port', means: 'Turn this ticket into a carrier of this partition.' },
  touch: { from: 'client', to: 'hub', over: 'port', means: 'The user is active: push the idle end away.' },
  'sign-out': { from: 'client', to: 'hub', over: 'port', means: 'End the session, everywhere.' },
  visit: {
    from: 'client',
    to: 'hub',
    over: 'port',
    means: 'Have the hub accept a top-level visit before this page is left.',
  },
  welcome: {
    from: 'hub',
    to: 'client',
    over: 'window + port, or the port of a hello',
    means: 'The state, and the port that is used from now on.',
  },
  answer: { from: 'hub', to: 'client', over: 'port', means: 'The state, as the answer to the message with this id.' },
  'visit-registered': {
    from: 'hub',
    to: 'client',
    over: 'port',
    means: 'The visit of the message with this id is accepted: the address bar carries this short id.',
  },
  refusal: { from: 'hub', to: 'client', over: 'port', means: 'The message with this id failed, with a code.' },
  push: { from: 'hub', to: 'client', over: 'port', means: 'The state, unasked: it changed, or the stream began anew.' },
  stream: { from: 'hub', to: 'client', over: 'port', means: 'How the event stream is doing.' },
  bounce: {
    from: 'hub',
    to: 'client',
    over: 'port',
    means: 'The user clicked to be linked, and the browser gave the frame no access: only a bounce helps.',
  },
  news: {
    from: 'client',
    to: 'client',
    over: 'BroadcastChannel',
    means: 'The hub told one tab; the others know at once.',
  },
}
