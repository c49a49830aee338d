import type { HubConfig } from '@isthmus/server'
import type { AssertionKey } from '@isthmus/server/assertion'
import type { OidcProvider } from '@isthmus/server/oidc'

/** A value that does not stand in the file: of an environment variable, or the content of a file without its last newline. */
export type Secret = string | { readonly env: string } | { readonly file: string }

/**
 * What `isthmus serve` takes: the options of `createHub`, and how it is served. `{ env: 'NAME' }` and
 * `{ file: '/run/secrets/name' }` may stand in place of any text.
 */
export interface Config extends Omit<HubConfig, 'store' | 'clock' | 'placeOf'> {
  /** Where sessions live: a folder (`./data`, on LMDB, for one machine), or `redis://…` for many servers. */
  readonly store: Secret
  /**
   * How users sign in: by your own login page at `loginPath`, which is written in any language and hands over a signed
   * assertion; or at OpenID providers.
   */
  readonly login:
    | { readonly assertion: { readonly key: AssertionKey | Secret } }
    | { readonly oidc: Provider | readonly Provider[] }
  /** Lets back ends list and end sessions over HTTP (`/isthmus/admin`), each by a key of its own; default: none may. */
  readonly admin?: { readonly keys: readonly { readonly name: string; readonly key: Secret }[] }
  /** Where it listens; default 127.0.0.1, port 4000. */
  readonly listen?: { readonly host?: string; readonly port?: number }
  /** Certificate and key, as paths of PEM files: the hub speaks https itself. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** It listens beyond this machine in plain http, because a proxy in front speaks https; default no. */
  readonly behindProxy?: boolean
}

/** An OpenID provider; secrets may stand elsewhere. */
export type Provider = Omit<OidcProvider, 'id' | 'clientSecret' | 'subOf'> & {
  /** Short name in addresses, default `provider`; several have different ones. */
  readonly id?: string
  readonly clientSecret: Secret
}

/** Gives its argument back: for types and completion in `isthmus.config.ts`. */
export function defineConfig(config: Config): Config {
  return config
}
