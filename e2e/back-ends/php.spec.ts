import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { LOGOUT_EVENT } from '@isthmus/protocol'
import { expect, test } from '@playwright/test'
import { SignJWT } from 'jose'
import { foundLanguages } from '../languages.ts'

const file = fileURLToPath(new URL('../../packages/php/src/Isthmus.php', import.meta.url))
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

async function sign(typ: string, claims: object): Promise<string> {
  const at = Math.floor(Date.now() / 1000)
  return new SignJWT({
    iss: 'https://auth.example',
    aud: 'shop',
    sub: 'ann',
    sid: 's',
    iat: at,
    exp: at + 60,
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', kid: 'k', typ })
    .sign(privateKey)
}

const siteToken = (): Promise<string> => sign('JWT', {})
const logoutToken = (): Promise<string> =>
  sign('logout+jwt', { jti: crypto.randomUUID(), events: { [LOGOUT_EVENT]: {} } })

/** A store of a test: what each method does. */
const storeThat = (methods: {
  readonly get: string
  readonly add: string
}): string => `new class implements Isthmus\\Store {
  public function get(string $key): ?int { ${methods.get} }
  public function put(string $key, int $at, int $until): void {}
  public function add(string $key, int $at, int $until): bool { ${methods.add} }
  public function delete(string $key): void { fwrite(STDERR, "deleted $key\\n"); }
}`

/** Runs PHP with \`$isthmus\` in a folder that holds the hub's keys; what it prints as JSON, and says on stderr. */
async function run(program: string, { folder, store = 'null' }: { folder?: string; store?: string } = {}) {
  const own = await mkdtemp(join(tmpdir(), 'isthmus-php-'))
  const now = Math.floor(Date.now() / 1000)
  const keys = { readAt: now, triedAt: now, keys: { k: publicKey.export({ type: 'spki', format: 'pem' }) } }
  await writeFile(join(own, 'keys.json'), JSON.stringify(keys))
  const start = `require '${file}';
    $isthmus = new Isthmus\\Isthmus('https://auth.example', 'shop', '${folder ?? own}', null, 'cookie', ${store});
    ${program}`
  try {
    const { stdout, stderr } = await promisify(execFile)(foundLanguages().php ?? '', [
      '-d',
      'log_errors=1',
      '-r',
      start,
    ])
    return { told: JSON.parse(stdout), log: stderr }
  } finally {
    await rm(own, { recursive: true })
  }
}

const asks = (token: string): string => `$_SERVER['HTTP_COOKIE'] = 'isthmus_token=${token}';
  echo json_encode(['user' => $isthmus->user()['sub'] ?? null, 'why' => $isthmus->refusal()?->reason]);`

const receives = (token: string, then = 'null'): string => `
  try { echo json_encode($isthmus->receiveLogout('${token}', ${then})); }
  catch (Throwable $failure) { echo json_encode(get_class($failure) . ': ' . $failure->getMessage()); }`

test.beforeEach(() => {
  test.skip(!foundLanguages().php, 'php could not be had')
})

test('PHP: a logout gives what ended, and runs what is to run with it', async () => {
  expect((await run(asks(await siteToken()))).told).toEqual({ user: 'ann', why: null })
  const { told, log } = await run(receives(await logoutToken(), 'fn ($ended) => fwrite(STDERR, json_encode($ended))'))
  expect([told, log]).toEqual([{ sid: 's', sub: 'ann' }, '{"sid":"s","sub":"ann"}'])
})

// Regression: it was a 500 for every visitor.
test('PHP: in a folder that it cannot use visitors are guests, and the log names the cure', async () => {
  const { told, log } = await run(asks(await siteToken()), { folder: '/proc/isthmus' })
  expect(told).toEqual({ user: null, why: 'internal' })
  expect(log).toContain('cannot be used: give its folder to the user that PHP runs as')
})

test('PHP: a store that fails lets nobody in, and the logout counts as not received', async () => {
  const failing = "throw new RuntimeException('gone');"
  const store = storeThat({ get: failing, add: 'return true;' })
  const { told, log } = await run(asks(await siteToken()), { store })
  expect(told).toEqual({ user: null, why: 'internal' })
  expect(log).toContain('isthmus: internal: gone')
  const logout = await run(receives(await logoutToken()), { store })
  expect(logout.told).toBe('RuntimeException: gone')
  expect(logout.log).toContain('deleted jti/')
})

// Regression: service('cache') of CodeIgniter falls back to a cache that does nothing, and the ended session went on.
test('PHP: a store that forgets what it is told is noticed', async () => {
  const store = storeThat({ get: 'return null;', add: 'return true;' })
  const { told, log } = await run(receives(await logoutToken()), { store })
  expect(told).toBe('RuntimeException: The store forgets what it is told: is it a cache that does nothing?')
  expect(log).toContain('deleted jti/')
})

test('PHP: where ending the own session fails, the logout counts as not received', async () => {
  const then = "function () { throw new RuntimeException('no'); }"
  const token = await logoutToken()
  const again = `${receives(token, then)} echo ','; ${receives(token)}`
  const { told } = await run(`echo '['; ${again} echo ']';`)
  expect(told).toEqual(['RuntimeException: no', { sid: 's', sub: 'ann' }])
})
