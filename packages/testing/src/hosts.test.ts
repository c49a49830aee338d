import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { text } from 'node:stream/consumers'
import express from 'express'
import { expect, test } from 'vitest'
import { createCertificate } from './certificate.ts'
import { type HostHandler, type Hosts, startHosts } from './hosts.ts'

const says =
  (words: string): HostHandler =>
  (_request, response) =>
    response.end(words)

/** Leaves the response open for good. */
const streams: HostHandler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
}

async function get(hosts: Hosts, host: string, ca?: string): Promise<IncomingMessage> {
  const target = { host: '127.0.0.1', port: hosts.port, headers: { host: `${host}:${hosts.port}` }, agent: false }
  const outgoing = ca ? requestTls({ ...target, ca, servername: host }) : request(target)
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  return response
}

test('each host has its own handler, an Express application among them', async () => {
  const app = express()
  app.get('/', (incoming, response) => void response.send(`shop at ${incoming.headers.host}`))
  await using hosts = await startHosts({ handlers: { 'shop.localhost': app } })
  hosts.set('News.localhost', says('news'))

  expect(hosts.origin('shop.localhost')).toBe(`http://shop.localhost:${hosts.port}`)
  expect(await text(await get(hosts, 'shop.localhost'))).toBe(`shop at shop.localhost:${hosts.port}`)
  expect(await text(await get(hosts, 'NEWS.localhost'))).toBe('news')
  hosts.set('news.localhost', says('other news'))
  expect(await text(await get(hosts, 'news.localhost'))).toBe('other news')
})

test('every request is kept, with what it is for where the browser says so', async () => {
  await using hosts = await startHosts({ handlers: { 'shop.localhost': says('shop'), '127.0.0.1': says('paid') } })
  await get(hosts, 'shop.localhost')
  await fetch(`http://127.0.0.1:${hosts.port}/pay?now=1`, { method: 'POST' })

  expect(hosts.requests).toMatchObject([
    { host: 'shop.localhost', method: 'GET', path: '/', destination: undefined },
    { host: '127.0.0.1', method: 'POST', path: '/pay?now=1', headers: { 'content-length': '0' } },
  ])
})

test('a host nobody set gets 421', async () => {
  await using hosts = await startHosts()
  expect((await get(hosts, 'evil.localhost')).statusCode).toBe(421)
})

test('https speaks with the certificate given', async () => {
  const tls = await createCertificate(['auth.localhost'])
  await using hosts = await startHosts({ tls, handlers: { 'auth.localhost': says('hub') } })

  expect(hosts.origin('auth.localhost')).toBe(`https://auth.localhost:${hosts.port}`)
  expect(await text(await get(hosts, 'auth.localhost', tls.cert))).toBe('hub')
})

test('closing breaks open streams, and the port serves again afterwards', async () => {
  const first = await startHosts({ handlers: { 'auth.localhost': streams } })
  const stream = await get(first, 'auth.localhost')
  const broken = once(stream, 'error')
  await Promise.all([first.close(), first.close()])
  expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' })
  await expect(get(first, 'auth.localhost')).rejects.toMatchObject({ code: 'ECONNREFUSED' })

  await using second = await startHosts({ port: first.port, handlers: { 'auth.localhost': says('back') } })
  expect(await text(await get(second, 'auth.localhost'))).toBe('back')
})

test('a cut host breaks off while the others go on, until it is set again', async () => {
  const tls = await createCertificate(['auth.localhost', 'shop.localhost'])
  await using hosts = await startHosts({ tls, handlers: { 'auth.localhost': streams, 'shop.localhost': says('shop') } })
  const stream = await get(hosts, 'auth.localhost', tls.cert)
  const broken = once(stream, 'error')
  hosts.cut('auth.localhost')
  expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' })
  await expect(get(hosts, 'auth.localhost', tls.cert)).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await text(await get(hosts, 'shop.localhost', tls.cert))).toBe('shop')

  hosts.set('auth.localhost', says('back'))
  expect(await text(await get(hosts, 'auth.localhost', tls.cert))).toBe('back')
})

test('a port in use is said as such', async () => {
  await using hosts = await startHosts()
  await expect(startHosts({ port: hosts.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
