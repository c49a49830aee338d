import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub, type Hub, memoryStore } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import { type Certificate, startHosts } from '@isthmus/testing'
import express from 'express'
import { BACK_ENDS, type BackEnd, type BackEndName, freePort, startBackEnd } from '../back-ends.ts'
import { createLoginApp } from '../login-app.ts'
import { USERS } from '../users.ts'

const HUB = 'auth.localhost'

/** A domain for each: the public shop, the internal desk, and a newspaper. */
const HOSTS: Record<BackEndName, string> = {
  express: 'shop.localhost',
  php: 'desk.localhost',
  python: 'news.localhost',
}

/** A hub, and the example sites with their own back ends, each as a process behind https on a domain of its own. */
export interface BackEndsWorld extends AsyncDisposable {
  readonly hub: Hub
  /** Those whose language could be had. */
  readonly names: readonly BackEndName[]
  url(name: BackEndName | 'hub', path?: string): string
  /** Ends what an earlier test has left: every session of every user. */
  endSessions(): Promise<void>
  /** The answer to somebody who has copied a token, and asks the back end with it for what only members may have. */
  membersWith(name: BackEndName, token: string): Promise<number>
}

/** Where the Express site has its token kept: in a cookie of the page, as the others, or in an HttpOnly cookie of its server. */
export type Mirror = 'cookie' | 'endpoint'

/** The others have no endpoint that keeps a token. */
const mirrorOf = (name: BackEndName, mirror: Mirror): Mirror => (name === 'express' ? mirror : 'cookie')

/** Starts an interpreter for each site: expensive enough to be shared by tests. */
export async function startBackEndsWorld(tls: Certificate, mirror: Mirror): Promise<BackEndsWorld> {
  const hosts = await startHosts({ tls })
  const origin = (name: BackEndName): string => hosts.origin(HOSTS[name])
  const ports = { express: await freePort(), php: await freePort(), python: await freePort() }
  const backchannel = (name: BackEndName): { backchannelLogoutUri: string } => ({
    backchannelLogoutUri: `http://127.0.0.1:${ports[name]}/isthmus/backchannel-logout`,
  })
  const hub = await createHub({
    origin: hosts.origin(HUB),
    sites: [
      {
        id: 'shop',
        origins: [origin('express')],
        claims: ['name'],
        // Admits both; which of them a user has is told to the shop's back end.
        groups: { anyOf: ['customers', 'staff'] },
        ...backchannel('express'),
      },
      {
        id: 'desk',
        origins: [origin('php')],
        claims: ['name', 'desk'],
        groups: { anyOf: ['staff'] },
        ...backchannel('php'),
      },
      { id: 'news', origins: [origin('python')], claims: ['name'], ...backchannel('python') },
    ],
    store: memoryStore(),
  })
  const app = express().use(nodeHandler(hub)).use(createLoginApp(hub))
  hosts.set(HUB, app)
  // As inside a network: the back ends reach the hub by another address than browsers do.
  const inside = createServer(app)
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
  const jwks = `http://127.0.0.1:${(inside.address() as AddressInfo).port}/.well-known/jwks.json`

  const sites: Record<BackEndName, string> = { express: 'shop', php: 'desk', python: 'news' }
  const started = await Promise.all(
    BACK_ENDS.map(async (name): Promise<readonly [BackEndName, BackEnd | undefined]> => {
      const options = {
        hub: hosts.origin(HUB),
        site: sites[name],
        jwks,
        port: ports[name],
        shop: origin('express'),
        ...(mirrorOf(name, mirror) === 'endpoint' && { origin: origin(name) }),
      }
      return [name, await startBackEnd(name, options)]
    }),
  )
  for (const [name, backEnd] of started) if (backEnd) hosts.set(HOSTS[name], backEnd.proxy)

  return {
    hub,
    names: started.filter(([, backEnd]) => backEnd).map(([name]) => name),
    url: (name, path = '/') => (name === 'hub' ? hosts.origin(HUB) : origin(name)) + path,
    async endSessions() {
      for (const { sub } of Object.values(USERS)) await hub.sessions.revokeAll(sub)
    },
    async membersWith(name, token) {
      const headers = { cookie: `${mirrorOf(name, mirror) === 'endpoint' ? '__Host-' : ''}isthmus_token=${token}` }
      return (await fetch(`http://127.0.0.1:${ports[name]}/members`, { headers })).status
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await hosts.close()
      inside.closeAllConnections()
      inside.close()
      for (const [, backEnd] of started) await backEnd?.[Symbol.asyncDispose]()
    },
  }
}
