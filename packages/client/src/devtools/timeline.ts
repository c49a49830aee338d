import type { Snapshot } from '@isthmus/protocol'
import type { Diagnosis } from '../diagnosis/diagnosis.ts'

/** One change, as the panel lists it. */
export interface Entry {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `signed-in`, `unknown: timeout`. */
  readonly state: string
  /** How it came: `push, 12 ms after the hub`; empty where the client found it out by itself. */
  readonly way: string
}

/** No more is kept: a page that is open for days must not grow. */
const LIMIT = 50

/** The timeline with one change more; the newest first. */
export function withChange(timeline: readonly Entry[], snapshot: Snapshot, at: number): readonly Entry[] {
  const entry: Entry = { at, state: stateOf(snapshot), way: '' }
  return [entry, ...timeline].slice(0, LIMIT)
}

/** Adds the way of the newest change, once the diagnosis tells it. */
export function withWay(timeline: readonly Entry[], { lastChange }: Diagnosis): readonly Entry[] {
  const [newest, ...others] = timeline
  // The change of the diagnosis may be an earlier one: what the client found out by itself has none.
  if (!newest || !lastChange || Math.abs(newest.at - lastChange.at) > 100) return timeline
  const delay = lastChange.delayMs === null ? '' : `, ${lastChange.delayMs} ms after the hub`
  return [{ ...newest, way: WAYS[lastChange.via] + delay }, ...others]
}

const WAYS = {
  frame: 'with the frame',
  answer: 'answered',
  push: 'pushed',
  tab: 'by another tab',
} as const

export function stateOf(snapshot: Snapshot): string {
  if (snapshot.status === 'signed-in') return snapshot.access === 'granted' ? 'signed in' : 'signed in, denied'
  return `${snapshot.status === 'unknown' ? 'unknown' : 'signed out'}: ${snapshot.reason}`
}
