import { createHub, type Hub, memoryStore, type Store } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import { type Certificate, createCertificate, type Hosts, startHosts } from '@isthmus/testing'
import express, { type RequestHandler } from 'express'
import { createLoginApp } from './login-app.ts'
import { createSiteApp, type SiteAppOptions } from './site-app.ts'

export const HOSTS = {
  hub: 'auth.localhost',
  shop: 'shop.localhost',
  /** Another address of the shop. */
  www: 'www.shop.localhost',
  news: 'news.localhost',
  staff: 'staff.localhost',
  /** A site below the hub's own registrable domain. */
  my: 'my.auth.localhost',
  /** Registered nowhere. */
  evil: 'evil.localhost',
} as const

/** A hub and its sites: what the specs act on. */
export interface World extends AsyncDisposable {
  readonly hub: Hub
  readonly hosts: Hosts
  readonly certificate: Certificate
  /** The hub's clock; move it with {@link World.passTime}. */
  now(): number
  passTime(ms: number): void
  /** Address of a page: `url('shop', '/cart?x=1#top')`. */
  url(host: keyof typeof HOSTS, path?: string): string
  /** Serves a site's page with other markup, headers, options or a back end. */
  serve(host: Exclude<keyof typeof HOSTS, 'hub'>, changes: Partial<SiteAppOptions>): void
  /** Puts a handler before the hub: it may change, hold back or answer what comes; call the result to take it away. */
  interceptHub(handler: RequestHandler): () => void
  /** Takes the hub off the network, its open streams too; call the result to bring it back. */
  cutHub(): () => void
}

let certificate: Promise<Certificate> | undefined

interface WorldOptions {
  /** Where back ends take logout tokens, by site. */
  readonly backchannel?: Readonly<Partial<Record<keyof typeof HOSTS, string>>>
  /** What the hub's store is wrapped in. */
  readonly wrapStore?: (store: Store) => Store
}

export async function startWorld({
  backchannel = {},
  wrapStore = (store) => store,
}: WorldOptions = {}): Promise<World> {
  certificate ??= createCertificate(Object.values(HOSTS))
  const tls = await certificate
  const hosts = await startHosts({ tls })
  const origin = (host: keyof typeof HOSTS): string => hosts.origin(HOSTS[host])
  const takesTokens = (site: keyof typeof HOSTS): { backchannelLogoutUri?: string } => {
    const uri = backchannel[site]
    return uri === undefined ? {} : { backchannelLogoutUri: uri }
  }
  let offsetMs = 0
  const now = (): number => Date.now() + offsetMs
  const hub = await createHub({
    origin: origin('hub'),
    sites: [
      {
        id: 'shop',
        origins: [origin('shop'), origin('www')],
        claims: ['name', 'plan'],
        cookieDomains: ['.shop.localhost'],
        ...takesTokens('shop'),
      },
      { id: 'news', origins: [origin('news')], claims: ['name'], ...takesTokens('news') },
      { id: 'staff', origins: [origin('staff')], claims: ['name', 'desk'], groups: { anyOf: ['staff'] } },
      { id: 'my', origins: [origin('my')], claims: ['name'] },
    ],
    store: wrapStore(memoryStore({ clock: now })),
    clock: now,
  })
  const hubApp = express().use(nodeHandler(hub)).use(createLoginApp(hub))
  const bringBackHub = (): void => hosts.set(HOSTS.hub, hubApp)
  bringBackHub()
  const serve: World['serve'] = (name, changes) => {
    const uses = name === 'news' ? 'script tag' : 'import'
    hosts.set(HOSTS[name], createSiteApp({ name, hub: origin('hub'), uses, ...changes }))
  }
  for (const site of ['shop', 'www', 'news', 'staff', 'my', 'evil'] as const) serve(site, {})
  return {
    hub,
    hosts,
    certificate: tls,
    now,
    passTime(ms) {
      offsetMs += ms
    },
    url: (host, path = '/') => origin(host) + path,
    serve,
    interceptHub(handler) {
      hosts.set(HOSTS.hub, express().use(handler).use(hubApp))
      return bringBackHub
    },
    cutHub() {
      hosts.cut(HOSTS.hub)
      return bringBackHub
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await hosts.close()
    },
  }
}
