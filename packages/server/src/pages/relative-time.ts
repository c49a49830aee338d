import { html } from 'hono/html'
import { LANGUAGE, STRINGS } from './strings.ts'

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const

const format = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'always' })

/** "5 minutes ago": right in every time zone, and the hub need not know the reader's. */
export function relativeTime(at: number, now: number): string {
  const passed = Math.max(0, now - at)
  const unit = UNITS.find(([, ms]) => passed >= ms)
  return unit ? format.format(-Math.floor(passed / unit[1]), unit[0]) : STRINGS.justNow
}

/** The same as an element, with the exact time for those who look. */
export function timeElement(at: number, now: number): ReturnType<typeof html> {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}" title="${iso.slice(0, 16).replace('T', ' ')} UTC">${relativeTime(at, now)}</time>`
}
