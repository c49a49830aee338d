import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createHub, memoryStore } from '@isthmus/server'
import { assertionLogin } from '@isthmus/server/assertion'
import { expect, test } from '@playwright/test'
import { foundLanguages } from '../languages.ts'

const HUB = 'https://auth.example'
const SHOP = 'https://shop.example'
const KEY = 'a shared key of thirty-two bytes!'
const pages = fileURLToPath(new URL('../../examples/login-pages/', import.meta.url))

/** The program that each language makes its assertion with, as a login page would. */
const PROGRAMS = {
  php: (pending: string) => [
    '-r',
    `require $argv[1] . 'assertion.php';
     echo isthmus_assertion('${KEY}', '${HUB}', $argv[2], 'ann', ['name' => 'Ann'], ['customers']);`,
    pages,
    pending,
  ],
  python: (pending: string) => [
    '-B',
    '-c',
    `import sys
sys.path.insert(0, sys.argv[1])
from assertion import isthmus_assertion
print(isthmus_assertion('${KEY}', '${HUB}', sys.argv[2], 'ann', {'name': 'Ann'}, ['customers']), end='')`,
    pages,
    pending,
  ],
} as const

for (const language of ['php', 'python'] as const) {
  test(`a login page in ${language} signs its user in`, async () => {
    const program = foundLanguages()[language]
    test.skip(!program, `${language} could not be had`)
    const store = memoryStore()
    const hub = await createHub({ origin: HUB, sites: [{ id: 'shop', origins: [SHOP] }], store })
    try {
      const { fetch } = await assertionLogin({ hub, origin: HUB, store, key: KEY })
      const headers = { referer: `${SHOP}/`, 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' }
      const query = new URLSearchParams({ return_to: `${SHOP}/cart` })
      const away = await fetch(new Request(`${HUB}/isthmus/login?${query}`, { headers }))
      const pending = new URL(away.headers.get('location') ?? '', HUB).searchParams.get('isthmus') ?? ''
      const cookie = away.headers
        .getSetCookie()
        .map((text) => text.split(';')[0])
        .join('; ')

      const { stdout } = await promisify(execFile)(program ?? '', PROGRAMS[language](pending))
      const address = `${HUB}/isthmus/assertion?${new URLSearchParams({ assertion: stdout })}`
      expect((await fetch(new Request(address))).status).toBe(403)
      expect((await fetch(new Request(address, { headers: { cookie } }))).status).toBe(303)
      const [session] = await hub.sessions.list('ann')
      expect(session).toMatchObject({ claims: { name: 'Ann' }, groups: ['customers'] })
    } finally {
      await hub.close()
    }
  })
}
