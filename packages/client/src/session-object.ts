import { IsthmusError, type Snapshot } from '@isthmus/protocol'
import type { DiagnosisPart } from './diagnosis/diagnosis-part.ts'
import type { Client } from './part.ts'
import type { Calls } from './session/calls.ts'
import type { Event } from './session/state.ts'
import type { Session } from './session.ts'

/** What the page is given. Its calls are events; what becomes of each, a part knows. */
export function sessionObject(client: Client, calls: Calls, ready: Promise<Snapshot>, end: () => void): Session {
  const { state, subscribe, transfer, dispatch, load } = client

  async function call(event: (call: number) => Event): Promise<boolean> {
    await load('page').catch((cause) => {
      throw new IsthmusError('unreachable', undefined, { cause })
    })
    return calls.wait((number) => dispatch(event(number)))
  }

  /** The Snapshot after a call, be it that the call failed. */
  async function after(type: 'refresh' | 'extend'): Promise<Snapshot> {
    await call((number) => ({ type, call: number })).catch(() => undefined)
    return state().snapshot
  }

  return {
    get current() {
      return state().snapshot
    },
    get referrer() {
      return state().referrer ?? document.referrer
    },
    ready,
    subscribe,
    async signIn({ returnTo: given } = {}) {
      const returnTo = given === undefined ? undefined : new URL(given, location.href).href
      await call((number) => ({ type: 'sign-in', call: number, returnTo }))
    },
    async signOut() {
      await call((number) => ({ type: 'sign-out', call: number }))
    },
    link: () => call((number) => ({ type: 'link', call: number })),
    transfer,
    refresh: () => after('refresh'),
    extend: () => after('extend'),
    diagnose: async () => ((await load('diagnosis')) as DiagnosisPart).diagnose(client),
    destroy() {
      dispatch({ type: 'destroyed' })
      end()
    },
  }
}
