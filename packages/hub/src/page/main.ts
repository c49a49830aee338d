import { clientToHub, hello } from 'virtual:isthmus/tables'
import {
  type ClientToHub,
  type Hello,
  IsthmusError,
  PROTOCOL_VERSION,
  pauseBefore,
  type SiteAnswer,
  type Welcome,
} from '@isthmus/protocol'
import { MISFIT, readAs } from '@isthmus/protocol/compact'
import type { Embedder } from '../embedder.ts'
import type { GreetedWindow, Greeting } from '../greeting.ts'
import { type Api, createApi } from './api.ts'
import { showButton } from './button.ts'
import { createHedge } from './hedge.ts'
import { type Effect, type Event, INITIAL_STATE, reconcile } from './reconcile.ts'
import { createStreamLink } from './stream-link.ts'

const { isthmusGreeting } = window as GreetedWindow
if (isthmusGreeting && parent !== window) start(isthmusGreeting)

/** Performs what {@link reconcile} decides. */
function start({ data, port: greeted, heard, stop }: Greeting): void {
  const aheadMs = data.now - Date.now()
  const wantsToken = new URLSearchParams(location.search).get('token') === '1'
  const hedge = createHedge()
  const stream = createStreamLink({
    onAnswer: (answer) => dispatch({ type: 'pushed', answer }),
    onStatus: (status) => dispatch({ type: 'status', status }),
    onWorker: (is) => dispatch({ type: 'worker', is }),
  })
  let state = INITIAL_STATE
  let port: MessagePort | undefined
  /** By embedder: one that says hello with another origin has another carrier. */
  const apis = new Map<string, Api>()

  function dispatch(event: Event): void {
    const [next, ...effects] = reconcile(state, event)
    state = next
    for (const effect of effects) (actions[effect.type] as (effect: Effect) => void)(effect)
  }

  function apiOf(embedder: Embedder): Api {
    const known = apis.get(embedder.origin)
    if (known) return known
    const api = createApi(embedder, data.nonce, hedge)
    apis.set(embedder.origin, api)
    return api
  }

  function served(): { embedder: Embedder; api: Api } {
    const embedder = state.embedder as Embedder
    return { embedder, api: apiOf(embedder) }
  }

  function welcome(answer: SiteAnswer): Welcome {
    return { isthmus: PROTOCOL_VERSION, type: 'welcome', answer, peers: data.peers, aheadMs }
  }

  const actions: { [Type in Effect['type']]: (effect: Extract<Effect, { type: Type }>) => void } = {
    find({ embedder, answer }) {
      const { ask, find } = apiOf(embedder)
      Promise.resolve(answer ?? ask())
        .then(find)
        .catch(() => undefined)
        .then((found) => dispatch({ type: 'found', embedder, answer: found }))
    },
    serve({ port: given }) {
      port?.close()
      port = given
      if (given) listen(given)
    },
    greet({ answer, by }) {
      const message = welcome(answer)
      if (by === 'port') return port?.postMessage(message)
      const { port1, port2 } = new MessageChannel()
      port = port1
      listen(port1)
      // Named exactly: if the parent is anyone else, the browser drops message and port.
      parent.postMessage(message, (state.embedder as Embedder).origin, [port2])
    },
    tell: ({ message }) => port?.postMessage(message),
    call({ question }) {
      const asked = port
      call(served().api, question).then(
        (event) => asked === port && dispatch(event),
        (error: unknown) => {
          const code = error instanceof IsthmusError ? error.code : 'internal'
          // Ids are counted anew on another port.
          if (asked === port) dispatch({ type: 'refused', question, code })
        },
      )
    },
    check({ doubt, otherwise }) {
      served()
        .api.ask()
        .catch(() => otherwise)
        .then((answer) => dispatch({ type: 'checked', doubt, answer }))
    },
    adopt() {
      const { adopt, ask } = served().api
      adopt()
        .then(ask)
        .catch(() => undefined)
        .then(() => dispatch({ type: 'adopted' }))
    },
    'link-by-click'() {
      const { adopt, ask } = served().api
      adopt()
        // A user who has never signed in has no session to be linked to; and with access to the cookie the hub can say so.
        .catch((error: IsthmusError) => {
          if (error.code !== 'no-session') throw error
          return ask()
        })
        .then(
          (answer) => dispatch({ type: 'linked-by-click', answer }),
          () => undefined,
        )
    },
    follow({ worker, site, sid }) {
      const { embedder, api } = served()
      const key = api.key()
      stream.follow(worker, { embedder: { ...embedder, site }, sid, keyed: key !== undefined, key, nonce: api.nonce() })
    },
    leave: ({ worker }) => stream.leave(worker),
    pause: ({ losses }) => void setTimeout(dispatch, pauseBefore(losses), { type: 'again' } satisfies Event),
    wake: ({ revision }) => stream.wake(revision),
  }

  function listen(to: MessagePort): void {
    to.onmessage = ({ data: message }) => {
      const question = readAs(clientToHub, message)
      if (question !== MISFIT) dispatch({ type: 'question', question: question as ClientToHub })
    }
  }

  /**
   * The embedder says hello where it was not greeted: the Referer was taken away, or another listener swallowed the
   * greeting. The browser names its origin, and the server must know it.
   */
  function hear({ source, origin, data: message, ports: [given] }: MessageEvent): void {
    if (source !== parent || origin === 'null' || !given) return
    const greeting = readAs(hello, message)
    if (greeting === MISFIT) return
    dispatch({ type: 'hello', embedder: { origin, site: (greeting as Hello).site, wantsToken }, port: given })
  }

  if (data.button !== undefined) {
    showButton(data.button, async (given) => {
      if (state.embedder) dispatch({ type: 'access', given })
    })
  }
  if (data.origin !== undefined && data.answer) {
    const embedder = { origin: data.origin, site: data.answer.site, wantsToken }
    dispatch({ type: 'opened', embedder, answer: data.answer, ...(greeted && { port: greeted }) })
  }
  stop()
  heard.forEach(hear)
  addEventListener('message', hear)
  // Chromium drops a page from the back-forward cache when a shared worker writes to it there.
  addEventListener('pagehide', () => dispatch({ type: 'hidden' }))
  addEventListener('pageshow', ({ persisted }) => persisted && dispatch({ type: 'restored' }))
  // A machine that sleeps, or changes its network, leaves dead connections behind.
  document.addEventListener('visibilitychange', hedge.suspect)
  addEventListener('online', hedge.suspect)
}

async function call(api: Api, question: ClientToHub): Promise<Event> {
  switch (question.type) {
    case 'ask':
      return { type: 'answered', question, answer: await api.ask() }
    case 'touch':
      return { type: 'answered', question, answer: await api.touch() }
    case 'sign-out':
      return { type: 'answered', question, answer: await api.signOut() }
    case 'redeem': {
      const { ticket, verifier } = question
      return { type: 'answered', question, answer: await api.redeem({ ticket, verifier }) }
    }
    case 'visit': {
      const { isthmus: _, type: __, id: ___, ...visit } = question
      return { type: 'visit-registered', question, visit: await api.registerVisit(visit) }
    }
  }
}
