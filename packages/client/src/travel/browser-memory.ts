/** What this browser keeps for a site and its hub, over all tabs. */
export interface BrowserMemory {
  /** Whether a user was signed in here. */
  wasLinked(): boolean
  noteLinked(): void
  /** Whether a click may pass the hub: once an hour, and not where that cannot be remembered. */
  mayRide(): boolean
  noteRide(): void
}

const HOUR_MS = 60 * 60 * 1000

export function browserMemory(name: string): BrowserMemory {
  const linkedKey = `isthmus:linked:${name}`
  const rideKey = `isthmus:ride:${name}`
  return {
    wasLinked: () => read(linkedKey) !== null,
    noteLinked: () => void write(linkedKey, '1'),
    // A value that is not ours counts as none; the clock may be set back.
    mayRide: () =>
      !(Math.abs(Date.now() - Number(read(rideKey) ?? 0)) < HOUR_MS) && write(rideKey, read(rideKey) ?? '0'),
    noteRide: () => void write(rideKey, String(Date.now())),
  }
}

// A user may have switched storage off: every use can throw.

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): boolean {
  try {
    localStorage.setItem(key, value)
    return true
  } catch {
    return false
  }
}
