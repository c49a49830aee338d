import { IsthmusError } from '@isthmus/protocol'
import type { Effect } from './state.ts'

/** The calls of the page that wait for the machine: numbered for it, promises for the page. */
export interface Calls {
  /** `begin` is given the number of the call. */
  wait(begin: (call: number) => void): Promise<boolean>
  settle(effect: Extract<Effect, { type: 'settle' }>): void
}

export function openCalls(): Calls {
  const waiting = new Map<number, (outcome: Extract<Effect, { type: 'settle' }>['outcome']) => void>()
  let last = 0
  return {
    wait: (begin) =>
      new Promise((resolve, reject) => {
        const call = ++last
        waiting.set(call, (outcome) =>
          typeof outcome === 'string' ? reject(new IsthmusError(outcome)) : resolve(outcome),
        )
        begin(call)
      }),
    settle({ call, outcome }) {
      waiting.get(call)?.(outcome)
      waiting.delete(call)
    },
  }
}
