import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../back-ends.ts'
import { PATIENCE } from '../patience.ts'
import { test as base, expect } from './fixtures.ts'

const main = fileURLToPath(new URL('../../examples/demo/dist/main.js', import.meta.url))

/** The demo as `npm start` runs it; gives the address of one of its hosts. */
const test = base.extend<{ demo: (host: string, path?: string) => string }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from it.
  demo: async ({}, use) => {
    const port = await freePort()
    const data = await mkdtemp(join(tmpdir(), 'isthmus-demo-'))
    const child = spawn(process.execPath, [main], {
      env: { ...process.env, PORT: String(port), DATA: join(data, 'hub') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(String(chunk)))
    await expect.poll(() => said.join(''), PATIENCE).toContain('Ctrl-C ends it.')
    await use((host, path = '/') => `http://${host}:${port}${path}`)
    child.kill('SIGTERM')
    await once(child, 'exit')
    await rm(data, { recursive: true })
  },
})

test('the demo: signed in with the provider, known in the shop and the newspaper, and signed out there everywhere', async ({
  demo,
  open,
}) => {
  const signedIn = (page: Awaited<ReturnType<typeof open>>) =>
    // The page may be on its silent visit of the hub.
    expect.poll(
      () =>
        page
          .evaluate('window.isthmus?.current.status ?? document.documentElement.dataset.isthmus')
          .catch(() => 'on its way'),
      PATIENCE,
    )
  const news = await open(demo('news.localhost'))
  const login = await open(demo('auth.localhost', '/login'))
  await login.getByRole('link', { name: 'Sign in with the provider' }).click()
  await login.getByLabel('Name').fill('clerk')
  await login.getByLabel('Password').fill('night-desk')
  await login.getByRole('button', { name: 'Sign in' }).click()
  await expect(login).toHaveURL(demo('auth.localhost'))
  await expect(login.getByText('Clerk').first()).toBeVisible()
  await news.reload()
  await signedIn(news).toBe('signed-in')
  await login.goto(demo('auth.localhost', '/isthmus/oidc/logout'))
  await login.getByRole('button', { name: 'Yes, sign me out' }).click()
  await expect(login).toHaveURL(demo('auth.localhost', '/isthmus/signed-out'))
  await signedIn(news).toBe('signed-out')
})
