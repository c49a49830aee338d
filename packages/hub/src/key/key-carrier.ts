export { createKey, forgetKey, loadKey, rejectKey, saveKey } from './bound-key.ts'
export { fetchWithProof, latestNonce, startWithNonce } from './fetch-with-proof.ts'
