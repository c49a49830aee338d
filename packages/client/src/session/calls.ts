import { IsthmusError } from '@isthmus/protocol'
import type { Effect } from './state.ts'

/** The calls of the page that wait for the machine: numbered for it, promises for the page. */
export interface Calls {
  /** `begin` is given the number of the call. */
  wait(begin: (call: number) => void): Promise<boolean>
  settle(effect: Extract<Effect, { type: 'settle' }>): void
}

export function openCalls(): Calls {
  const waiting: ((outcome: Extract<Effect, { type: 'settle' }>['outcome']) => void)[] = []
  return {
    wait: (begin) =>
      new Promise((resolve, reject) => {
        const call = waiting.push((outcome) =>
          typeof outcome === 'string' ? reject(new IsthmusError(outcome)) : resolve(outcome),
        )
        begin(call)
      }),
    settle: ({ call, outcome }) => waiting[call - 1]?.(outcome),
  }
}
