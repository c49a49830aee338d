import { createHash } from 'node:crypto'
import { nodeHandler } from '@isthmus/server/node'
import express, { type RequestHandler } from 'express'
import { createLoginApp } from '../login-app.ts'
import { HOSTS, type World } from '../world.ts'

/** The hub hears nothing that a browser could prove itself with. */
export const forget: RequestHandler = ({ rawHeaders }, _, next) => {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (/^(?:cookie|authorization)$/i.test(rawHeaders[index] ?? '')) rawHeaders.splice(index, 2)
  }
  next()
}

/** The hub's answers leave no cookie in the browser. */
export const giveNoCookie: RequestHandler = (_, response, next) => {
  const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => typeof response
  response.writeHead = ((status: number, headers: object) => {
    response.removeHeader('set-cookie')
    const others = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'set-cookie')
    return writeHead(status, Object.fromEntries(others))
  }) as typeof response.writeHead
  next()
}

/** Serves the hub's page with a script before its own. */
export function addToHubPage({ hosts, hub }: World, script: string): void {
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
  hosts.set(HOSTS.hub, express().use(nodeHandler({ fetch })).use(createLoginApp(hub)))
}
