import { RETRY_MAX_MS, RETRY_MIN_MS } from './constants.ts'

/** Pause before the next attempt after `failures` ≥ 1 failures: exponential with full jitter, so that no herd forms. */
export function pauseBefore(failures: number, random: () => number = Math.random): number {
  return random() * Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (failures - 1))
}
