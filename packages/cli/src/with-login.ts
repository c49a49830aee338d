import type { Hub, Store } from '@isthmus/server'
import type { LoadedConfig } from './config/load-config.ts'

/** The hub with the login that its configuration names; what is not needed is not loaded. */
export async function withLogin(
  hub: Hub,
  { hub: { origin }, login }: Pick<LoadedConfig, 'hub' | 'login'>,
  store: Store,
): Promise<Hub> {
  if ('assertion' in login) {
    const { assertionLogin } = await import('@isthmus/server/assertion')
    return assertionLogin({ hub, origin, store, key: login.assertion.key })
  }
  const { oidcLogin } = await import('@isthmus/server/oidc')
  return oidcLogin({ hub, origin, store, providers: login.oidc })
}
