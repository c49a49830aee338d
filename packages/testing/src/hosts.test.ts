import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { Agent, request as requestTls } from 'node:https'
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

async function get(hosts: Hosts, host: string, ca?: string, path = '/'): Promise<IncomingMessage> {
  const target = { host: '127.0.0.1', port: hosts.port, path, headers: { host: `${host}:${hosts.port}` }, agent: false }
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

test('a silenced host: what is open hears nothing any more, nor that it is over, while new connections are served', async () => {
  const tls = await createCertificate(['auth.localhost', 'shop.localhost'])
  const open: ServerResponse[] = []
  const answer: HostHandler = (request, response) => {
    if (request.url === '/page') return response.end('page')
    open.push(response)
    return response.writeHead(200).write('first ')
  }
  await using hosts = await startHosts({ tls, handlers: { 'auth.localhost': answer, 'shop.localhost': answer } })
  const streamOf = async (host: string): Promise<{ heard: string; ends: unknown[] }> => {
    const stream = { heard: '', ends: [] as unknown[] }
    const response = await get(hosts, host, tls.cert)
    response.on('data', (data) => {
      stream.heard += data
    })
    response
      .on('end', () => stream.ends.push('end'))
      .on('error', ({ code }: { code?: string }) => stream.ends.push(code))
    return stream
  }
  const [silenced, other] = [await streamOf('auth.localhost'), await streamOf('shop.localhost')]
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = (): ClientRequest =>
    requestTls({
      host: '127.0.0.1',
      port: hosts.port,
      path: '/page',
      headers: { host: 'auth.localhost' },
      ca: tls.cert,
      servername: 'auth.localhost',
      agent,
    }).end()
  const [first] = (await once(ask(), 'response')) as [IncomingMessage]
  expect(await text(first)).toBe('page')

  hosts.silence('auth.localhost')
  const before = hosts.requests.length
  const lost = ask().on('response', () => silenced.ends.push('response'))
  const broken = once(lost, 'error')
  for (const response of open) response.end('second')
  expect(await text(await get(hosts, 'auth.localhost', tls.cert, '/page'))).toBe('page')
  await expect.poll(() => other).toEqual({ heard: 'first second', ends: ['end'] })
  expect(lost.reusedSocket).toBe(true)
  expect(hosts.requests.slice(before)).toHaveLength(1)
  expect(silenced).toEqual({ heard: 'first ', ends: [] })

  await hosts.close()
  expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' })
  await expect.poll(() => silenced.ends).toEqual(['ECONNRESET'])
})

test('only what was asked for one path can be silenced', async () => {
  const streamOf: ServerResponse[] = []
  const answer: HostHandler = (_, response) => {
    streamOf.push(response)
    response.writeHead(200).write('first ')
  }
  await using hosts = await startHosts({ handlers: { 'auth.localhost': answer } })
  const heard: Record<string, string> = {}
  for (const path of ['/events?site=shop', '/other']) {
    heard[path] = ''
    const response = await get(hosts, 'auth.localhost', undefined, path)
    response
      .on('error', () => {})
      .on('data', (data) => {
        heard[path] += data
      })
  }
  hosts.silence('auth.localhost', '/events')
  for (const response of streamOf) response.write('second')
  await expect.poll(() => heard).toEqual({ '/events?site=shop': 'first ', '/other': 'first second' })
})

test('a port in use is said as such', async () => {
  await using hosts = await startHosts()
  await expect(startHosts({ port: hosts.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
