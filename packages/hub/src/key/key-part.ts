import { key as address } from 'virtual:isthmus/parts'
import { KEY_MARK } from './key-mark.ts'

/** The code of the key carrier: loaded where a key is kept, or may have to be made. */
export type KeyPart = typeof import('./key-carrier.ts')

let loading: Promise<KeyPart> | undefined
let attempts = 0

/** Loads it once; an attempt that failed is not remembered, though browsers remember what an address has failed at. */
export function loadKeyPart(): Promise<KeyPart> {
  loading ??= import(/* @vite-ignore */ attempts++ ? `${address}?${attempts}` : address).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading as Promise<KeyPart>
}

/** Whether a key may be kept for this site: most browsers keep none, and need not load the code that looks for it. */
export function mayKeepKey(site: string): boolean {
  try {
    return localStorage.getItem(KEY_MARK + site) !== null
  } catch {
    // Storage is switched off, or in some way only.
    return true
  }
}
