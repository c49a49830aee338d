import { ABSOLUTE_LIFETIME_MS } from '@isthmus/protocol'
import type { Hub } from '../create-hub.ts'
import { sha256 } from '../session/secrets.ts'
import type { Store } from '../store/store.ts'
import type { EndedThere } from './oidc-provider.ts'

/** Which of our sessions were begun by which session at a provider. */
export interface ProviderSessions {
  note(there: { readonly iss: string; readonly sub: string; readonly sid?: unknown }, sid: string): Promise<void>
  /** Ends ours: those of that session, or without its id those of that user. */
  end(there: EndedThere): Promise<void>
}

const prefixOf = (kind: 'sid' | 'sub', iss: string, id: string): string => `oidc/${kind}/${sha256(`${iss} ${id}`)}/`

/** Kept as long as a session may last; one that is over is ended again without effect. */
export function createProviderSessions({ sessions }: Pick<Hub, 'sessions'>, store: Store): ProviderSessions {
  return {
    async note({ iss, sub, sid: there }, sid) {
      const prefixes = [prefixOf('sub', iss, sub)]
      if (typeof there === 'string') prefixes.push(prefixOf('sid', iss, there))
      const expiresAt = Date.now() + 2 * ABSOLUTE_LIFETIME_MS
      await store.write(prefixes.map((prefix) => ({ put: prefix + sid, value: '""', expiresAt })))
    },

    async end({ iss, sub, sid }) {
      const prefix = sid !== undefined ? prefixOf('sid', iss, sid) : prefixOf('sub', iss, sub ?? '')
      for (const key of await store.keys(prefix)) await sessions.revoke(key.slice(prefix.length))
    },
  }
}
