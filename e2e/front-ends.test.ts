import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { IsthmusProvider, SignedIn, SignedOut, Unknown, type Verdict } from '@isthmus/client/react'
import { IsthmusError } from '@isthmus/protocol'
import type { Verifier } from '@isthmus/site'
import { isthmus } from '@isthmus/site/express'
import express from 'express'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'

type SiteVerdict = Awaited<ReturnType<Verifier['verify']>>

function renderShop(initial: Verdict): string {
  const session = { hub: 'https://auth.example.com' }
  const shop = [
    createElement(SignedIn, { key: 'in' }, 'members'),
    createElement(SignedOut, { key: 'out' }, 'guests'),
    createElement(Unknown, { key: 'unknown' }, 'unknown'),
  ]
  return renderToString(createElement(IsthmusProvider, { session, initial }, shop))
}

const verdicts: [string, SiteVerdict][] = [
  ['members', { status: 'signed-in', sid: 's1', user: { sub: 'ada' }, groups: [], expiresAt: Date.now() + 300_000 }],
  ['guests', { status: 'signed-out', error: new IsthmusError('token-revoked') }],
  ['unknown', { status: 'unknown', error: new IsthmusError('token-missing') }],
]

test.each(verdicts)(
  'what the back end of a site knows is the first snapshot of its page: %s',
  async (shown, verdict) => {
    const verifier = { verify: async () => verdict } as Partial<Verifier> as Verifier
    const app = express()
    app.use(isthmus(verifier))
    app.get('/', (request, response) => {
      const { status, sid, user, expiresAt } = request.isthmus
      response.send(renderShop({ status, sid, user, expiresAt }))
    })
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
      expect(await response.text()).toBe(shown)
    } finally {
      server.close()
    }
  },
)
