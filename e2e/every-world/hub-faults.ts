import { createHash } from 'node:crypto'
import { nodeHandler } from '@isthmus/server/node'
import express, { type RequestHandler } from 'express'
import { createLoginApp } from '../login-app.ts'
import type { World } from '../world.ts'

/** The hub hears nothing that a frame could prove itself with. Adapters read either form of a request's headers. */
export const forget: RequestHandler = (request, _, next) => {
  const { headers, rawHeaders } = request
  delete headers.authorization
  // Those of its top-level pages, which frames do not send.
  const kept = headers.cookie?.split('; ').filter((pair) => pair.startsWith('__Host-isthmus.')) ?? []
  if (kept.length > 0) headers.cookie = kept.join('; ')
  else delete headers.cookie
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    const name = rawHeaders[index]?.toLowerCase()
    if (name === 'authorization' || name === 'cookie') rawHeaders.splice(index, 2)
  }
  if (headers.cookie !== undefined) rawHeaders.push('cookie', headers.cookie)
  next()
}

/** The hub's answers leave no cookie that frames would send. Its own top-level pages keep theirs. */
export const giveNoCookie: RequestHandler = (_, response, next) => {
  const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => typeof response
  response.writeHead = ((status: number, headers: object) => {
    const given = Object.entries({ ...response.getHeaders(), ...headers })
    response.removeHeader('set-cookie')
    const kept = given.map(([name, value]) =>
      name.toLowerCase() === 'set-cookie'
        ? [name, [value].flat().filter((cookie) => /SameSite=Lax/.test(String(cookie)))]
        : [name, value],
    )
    return writeHead(status, Object.fromEntries(kept))
  }) as typeof response.writeHead
  next()
}

/** Serves the hub's page with a script before its own. */
export function addToHubPage({ hosts, hub, names }: World, script: string): void {
  const hash = createHash('sha256').update(script).digest('base64')
  const fetch = async (request: Request): Promise<Response> => {
    request.headers.delete('accept-encoding')
    const response = await hub.fetch(request)
    if (new URL(request.url).pathname !== '/isthmus/hub') return response
    const headers = new Headers(response.headers)
    const policy = headers.get('content-security-policy') ?? ''
    headers.set('content-security-policy', policy.replace('script-src ', `script-src 'sha256-${hash}' `))
    return new Response(`<!doctype html><script>${script}</script>${await response.text()}`, { headers })
  }
  hosts.set(names.hub, express().use(nodeHandler({ fetch })).use(createLoginApp(hub)))
}
