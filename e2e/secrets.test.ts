import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { linesOf, watchForSecrets } from './secrets.ts'

const secret = (letter: string): string => letter.repeat(43)

it('finds cookies, tickets, handles and tokens in what was said', () => {
  const secrets = watchForSecrets()
  const answer: Record<string, unknown> = {
    'set-cookie': [`__Host-isthmus=${secret('a')}; Path=/; Secure`, '__Host-isthmus.guest=; Max-Age=0'],
    location: `https://shop.example/#isthmus=${secret('b')}`,
  }
  const response = Object.assign(new EventEmitter(), { getHeader: (name: string) => answer[name] })
  const headers = { authorization: `DPoP ${secret('c')}`, cookie: `x=1; __Host-isthmus-shop=${secret('d')}` }
  secrets.watch({ headers } as IncomingMessage, response as unknown as ServerResponse)
  response.emit('close')
  const lines = linesOf(
    [{ at: 0, event: 'denied', about: `{ path: '${secret('a')}' }` }],
    [
      { path: `/?t=${secret('b')}`, headers: {} },
      { path: '/', headers: { referer: `https://shop.example/${secret('c')}` } },
      { path: '/cart', headers: { referer: 'https://shop.example/' } },
    ],
  )
  expect(
    secrets.foundIn([...lines, `console: info ${secret('d')}`, 'console: info eyJhbGciOi.eyJzdWIiOi.c2ln']),
  ).toEqual([
    `hub: denied { path: '${secret('a')}' }`,
    `request: /?t=${secret('b')} from nowhere`,
    `request: / from https://shop.example/${secret('c')}`,
    `console: info ${secret('d')}`,
    'console: info eyJhbGciOi.eyJzdWIiOi.c2ln',
  ])
})
