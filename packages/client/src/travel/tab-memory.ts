import { reportCorrupt } from '../diagnosis/report-corrupt.ts'
import type { Mark } from '../session/state.ts'

/** What waits in sessionStorage while the tab is away. */
export interface Kept {
  readonly verifier: string
  /** The page to restore, to the letter, with the fragment that no server saw. */
  readonly href: string
  /** What `document.referrer` was there. */
  readonly referrer: string
}

/** What a tab keeps from one page to the next, for one site and its hub. */
export interface TabMemory {
  /** Names what is kept, for whoever has to tell two sites on one origin apart. */
  readonly name: string
  kept(): Partial<Kept>
  keep(kept: Kept): boolean
  forget(verifier: string): void
  mark(): Mark | undefined
  setMark(mark: Mark | undefined): boolean
  /** Whether the tab was led away from this address by itself. */
  wasLedFrom(address: string): boolean
  noteLedFrom(address: string): void
  /** Whether anything can be kept. */
  works(): boolean
}

/** The last addresses that a tab was led away from. */
const LED_LIMIT = 20

const VERIFIER = /^[\w-]{43}$/

export function tabMemory(hub: string, site: string | undefined): TabMemory {
  const name = site === undefined ? hub : `${hub}:${site}`
  const pendingKey = `isthmus:pending:${name}`
  const triedKey = `isthmus:tried:${name}`
  const ledKey = `isthmus:led:${name}`
  const led = (): readonly string[] =>
    readOwn(ledKey, (text) => {
      const addresses: unknown = JSON.parse(text)
      return Array.isArray(addresses) && addresses.every((one) => typeof one === 'string') && addresses
    }) || []
  const memory: TabMemory = {
    name,
    kept() {
      const kept = readOwn(pendingKey, (text) => {
        const { verifier, href, referrer } = JSON.parse(text) as Partial<Kept>
        const isOurs = typeof verifier === 'string' && VERIFIER.test(verifier) && typeof href === 'string'
        return isOurs && { verifier, href, referrer: String(referrer ?? '') }
      })
      return kept || {}
    },
    keep: (kept) => write(pendingKey, JSON.stringify(kept)),
    forget(verifier) {
      if (memory.kept().verifier === verifier) remove(pendingKey)
    },
    mark: () => readOwn(triedKey, (mark) => (mark === 'left' || mark === 'worked') && mark) || undefined,
    setMark: (mark) => (mark === undefined ? remove(triedKey) : write(triedKey, mark)),
    wasLedFrom: (address) => led().includes(address),
    noteLedFrom: (address) => void write(ledKey, JSON.stringify([...led(), address].slice(-LED_LIMIT))),
    works: () => write('isthmus:probe', '') && remove('isthmus:probe'),
  }
  return memory
}

/** Whether another site on this origin waits for a ticket. */
export function othersWait({ name }: TabMemory): boolean {
  const isOther = (key: string): boolean => key.startsWith('isthmus:pending:') && key !== `isthmus:pending:${name}`
  return attempt(() => Object.keys(sessionStorage).some(isOther)) ?? false
}

/** What is kept, if we wrote it. Anything else goes, and is reported. */
function readOwn<T>(key: string, parse: (text: string) => T): T | undefined {
  const text = attempt(() => sessionStorage.getItem(key))
  if (typeof text !== 'string') return undefined
  const own = attempt(() => parse(text))
  if (own) return own
  remove(key)
  reportCorrupt(`sessionStorage ${key}`)
  return undefined
}

function write(key: string, value: string): boolean {
  return attempt(() => sessionStorage.setItem(key, value) ?? true) ?? false
}

function remove(key: string): boolean {
  return attempt(() => sessionStorage.removeItem(key) ?? true) ?? false
}

/** A user may have switched storage off: every use can throw. */
function attempt<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch {
    return undefined
  }
}
