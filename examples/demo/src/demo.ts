import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createHub } from '@isthmus/server'
import { lmdbStore } from '@isthmus/server/lmdb'
import { oidcLogin } from '@isthmus/server/oidc'
import { type Addresses, addressesAt, issuerAt } from './addresses.ts'
import { createAuthApp } from './auth-app.ts'
import { dispatchByHost } from './dispatch.ts'
import { listenOnLoopback } from './loopback.ts'
import { createNewsApp, newsRegistration } from './news.ts'
import { createProvider, registerProvider } from './provider.ts'
import { createShopApp, shopRegistration } from './shop.ts'
import { createStaffApp, staffRegistration } from './staff.ts'
import { createUserDirectory } from './users.ts'

/** Where the demo runs and what it keeps. */
export interface DemoOptions {
  /** The port for all four hosts; 0 takes a free one. */
  readonly port: number
  /** Where the hub keeps its sessions. */
  readonly dataPath: string
}

/** A running demo. */
export interface Demo {
  readonly addresses: Addresses
  /** Tells open tabs to come back later, ends the servers, then the hub and its store. */
  close(): Promise<void>
}

/**
 * Starts the hub and the three sites on one port.
 * @throws an error with code `EADDRINUSE` if the port is taken.
 */
export async function startDemo({ port, dataPath }: DemoOptions): Promise<Demo> {
  // The port comes first: a second demo stops here, before it touches the first one's store.
  const loopback = await listenOnLoopback(port)
  try {
    const addresses = addressesAt(loopback.port)
    await mkdir(dirname(dataPath), { recursive: true })
    const users = await createUserDirectory()
    const store = lmdbStore({ path: dataPath })
    const own = await createHub({
      origin: addresses.auth,
      sites: [shopRegistration(addresses), newsRegistration(addresses), staffRegistration(addresses)],
      store,
      loginPath: '/login',
    })

    const registration = registerProvider(issuerAt(loopback.port))
    const hub = oidcLogin({ hub: own, origin: addresses.auth, store, providers: [registration] })
    const { issuer } = registration
    const provider = createProvider({ issuer, auth: addresses.auth, registration, users, deliver: hub.fetch })

    const apps = {
      auth: createAuthApp({ hub, addresses, users }),
      shop: createShopApp(addresses),
      news: createNewsApp(addresses),
      staff: createStaffApp(addresses),
    }
    loopback.serve(dispatchByHost(addresses, apps, provider))

    return {
      addresses,
      async close() {
        await hub.drain()
        await loopback.close()
        await hub.close()
      },
    }
  } catch (error) {
    await loopback.close()
    throw error
  }
}
