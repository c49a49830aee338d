import { inspect } from 'node:util'
import { createHub, type Hub, memoryStore, type Store } from '@isthmus/server'
import { nodeHandler } from '@isthmus/server/node'
import { type Certificate, type Hosts, startHosts } from '@isthmus/testing'
import express, { type RequestHandler } from 'express'
import { createLoginApp } from './login-app.ts'
import { type Secrets, watchForSecrets } from './secrets.ts'
import { createSiteApp, type SiteAppOptions } from './site-app.ts'

/** The host names of one world: `.localhost` is no public suffix, so each name before it is a site of its own. */
export interface HostNames {
  readonly hub: string
  readonly shop: string
  /** Another address of the shop. */
  readonly www: string
  readonly news: string
  readonly staff: string
  /** A site below the hub's own registrable domain. */
  readonly my: string
  /** Registered nowhere. */
  readonly evil: string
}

export type Host = keyof HostNames

let worlds = 0

/** Host names that this process has not given yet. */
export function newHostNames(): HostNames {
  const number = ++worlds
  const name = (site: string): string => `${site}-${number}.localhost`
  return {
    hub: name('auth'),
    shop: name('shop'),
    www: `www.${name('shop')}`,
    news: name('news'),
    staff: name('staff'),
    my: `my.${name('auth')}`,
    evil: name('evil'),
  }
}

/** Something that the hub has told of. */
export interface HubLogEntry {
  readonly at: number
  readonly event: string
  readonly about: string
}

/** A hub and its sites: what the specs act on. */
export interface World extends AsyncDisposable {
  readonly hub: Hub
  readonly hosts: Hosts
  readonly names: HostNames
  /** What the hub has told of, oldest first. */
  readonly hubLog: readonly HubLogEntry[]
  /** What the hub has given to browsers, and must be said nowhere. */
  readonly secrets: Secrets
  /** The hub's clock; move it with {@link World.passTime}. */
  now(): number
  passTime(ms: number): void
  /** Address of a page: `url('shop', '/cart?x=1#top')`. */
  url(host: Host, path?: string): string
  /** Serves a site's page with other markup, headers, options or a back end. */
  serve(host: Exclude<Host, 'hub'>, changes: Partial<SiteAppOptions>): void
  /** Puts a handler before the hub: it may change, hold back or answer what comes; call the result to take it away. */
  interceptHub(handler: RequestHandler): () => void
  /** Takes the hub off the network, its open streams too; call the result to bring it back. */
  cutHub(): () => void
}

export interface WorldOptions {
  /** Where back ends take logout tokens, by site. */
  readonly backchannel?: Readonly<Partial<Record<Host, string>>>
  /** What the hub's store is wrapped in. */
  readonly wrapStore?: (store: Store) => Store
}

/** Starts one: a matter of milliseconds, beside the browser that will visit it. */
export async function startWorld(
  tls: Certificate,
  { backchannel = {}, wrapStore = (store) => store }: WorldOptions = {},
): Promise<World> {
  const names = newHostNames()
  const hosts = await startHosts({ tls })
  const origin = (host: Host): string => hosts.origin(names[host])
  const takesTokens = (site: Host): { backchannelLogoutUri?: string } => {
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
        cookieDomains: [`.${names.shop}`],
        ...takesTokens('shop'),
      },
      { id: 'news', origins: [origin('news')], claims: ['name'], ...takesTokens('news') },
      { id: 'staff', origins: [origin('staff')], claims: ['name', 'desk'], groups: { anyOf: ['staff'] } },
      { id: 'my', origins: [origin('my')], claims: ['name'] },
    ],
    store: wrapStore(memoryStore({ clock: now })),
    clock: now,
  })
  const hubLog: HubLogEntry[] = []
  for (const event of ['sign-in', 'sign-out', 'link', 'denied', 'delivery', 'error'] as const) {
    hub.on(event, (about) => hubLog.push({ at: Date.now(), event, about: inspect(about) }))
  }
  const secrets = watchForSecrets()
  const hubApp = express()
    .use((request, response, next) => {
      secrets.watch(request, response)
      next()
    })
    .use(nodeHandler(hub))
    .use(createLoginApp(hub))
  const bringBackHub = (): void => hosts.set(names.hub, hubApp)
  bringBackHub()
  const serve: World['serve'] = (name, changes) => {
    const uses = name === 'news' ? 'script tag' : 'import'
    hosts.set(names[name], createSiteApp({ name, hub: origin('hub'), uses, ...changes }))
  }
  for (const site of ['shop', 'www', 'news', 'staff', 'my', 'evil'] as const) serve(site, {})
  return {
    hub,
    hosts,
    names,
    hubLog,
    secrets,
    now,
    passTime(ms) {
      offsetMs += ms
    },
    url: (host, path = '/') => origin(host) + path,
    serve,
    interceptHub(handler) {
      hosts.set(names.hub, express().use(handler).use(hubApp))
      return bringBackHub
    },
    cutHub() {
      hosts.cut(names.hub)
      return bringBackHub
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await hosts.close()
    },
  }
}
