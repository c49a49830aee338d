/** What a start of Chromium takes on this machine, as the global set-up has measured it. */
const startMs = Number(process.env.ISTHMUS_BROWSER_START_MS ?? 0)

/** The longest that one thing may take, and how often to look; every wait ends as soon as what it waits for is there. */
export const PATIENCE: { readonly timeout: number; readonly intervals: number[] } = {
  timeout: Math.max(30_000, 30 * startMs),
  intervals: [50],
}

/** A time that a requirement names, in milliseconds; longer where the machine is too slow to keep it. */
export function promptly(ms: number): number {
  return Math.max(ms, 5 * startMs)
}

/** The longest that a test may take: what takes longer hangs. */
export const HANG_MS: number = 6 * PATIENCE.timeout
