import { ENDPOINTS, type Origin } from '@isthmus/protocol'
import { beforeEach, expect, it, vi } from 'vitest'
import { createApi } from './api.ts'

const HANDLE = 'h'.repeat(43)
const SIGNED_IN = {
  status: 'signed-in',
  sid: 's1',
  expiresAt: 9000,
  idleExpiresAt: 8000,
  revision: 1,
  access: 'denied',
  user: { sub: 'customer' },
}
const SIGNED_OUT = { status: 'signed-out', reason: 'logout', revision: 2 }

/** What the partition's database does, when the test lets it. */
const database = vi.hoisted(() => {
  const held = <T>() => {
    let settle: (value: T) => void = () => {}
    const promise = new Promise<T>((resolve) => {
      settle = resolve
    })
    return { promise, settle, asked: 0 }
  }
  return { save: held<void>(), load: held<unknown>() }
})

vi.mock('../key/key-part.ts', () => ({
  mayKeepKey: () => false,
  loadKeyPart: async () => ({
    startWithNonce() {},
    latestNonce: () => undefined,
    createKey: async () => ({}),
    saveKey: () => database.save.promise,
    forgetKey: async () => {},
    loadKey: () => {
      database.load.asked += 1
      return database.load.promise
    },
    fetchWithProof: (path: string, init: RequestInit) => fetch(path, init),
  }),
}))

beforeEach(() => {
  const answers: Readonly<Record<string, object>> = {
    [ENDPOINTS.redeem.path]: { site: 'shop', carrier: 'partitioned', state: SIGNED_IN, handle: HANDLE },
    [ENDPOINTS.session.path]: { site: 'shop', carrier: 'partitioned', state: SIGNED_IN },
    [ENDPOINTS.signOut.path]: { site: 'shop', carrier: 'partitioned', state: SIGNED_OUT },
  }
  vi.stubGlobal('fetch', async (path: string) => Response.json(answers[path]))
  vi.stubGlobal('document', {})
})

// Regression: the key was gone while the sign-out looked for a newer one, and a session that had ended was said to have failed to.
it('a sign-out beside the question by which carrier a ticket stuck tells what the hub said', async () => {
  const embedder = { origin: 'https://shop.example' as Origin, site: undefined, wantsToken: false }
  const api = createApi(embedder, 'nonce', { suspect() {}, send: (request) => request() })
  await api.redeem({ ticket: 't'.repeat(43), verifier: 'v'.repeat(43) })
  const asked = api.ask()
  const ended = api.signOut()
  await vi.waitFor(() => expect(database.load.asked).toBe(1))
  database.save.settle()
  await asked
  database.load.settle({ pair: {}, handle: 'another' })
  await expect(ended).resolves.toMatchObject({ state: SIGNED_OUT })
  expect(api.key()).toBeUndefined()
})

// Regression: the user allowed the hub's cookie while a question was under way, and was told for good to be signed out.
it('a question that was sent before the hub’s cookie was let through says nothing of a sign-out', async () => {
  let access = false
  let answered: (response: Response) => void = () => {}
  vi.stubGlobal('document', { hasStorageAccess: async () => access })
  vi.stubGlobal('fetch', () => new Promise<Response>((resolve) => (answered = resolve)))
  const embedder = { origin: 'https://shop.example' as Origin, site: undefined, wantsToken: false }
  const api = createApi(embedder, 'nonce', { suspect() {}, send: (request) => request() })
  const nobody = { site: 'shop', carrier: 'none', state: { status: 'signed-out', reason: 'none', revision: 3 } }
  for (const [before, status] of [
    [false, 'unlinked'],
    [true, 'signed-out'],
  ] as const) {
    access = before
    const asked = api.ask()
    await new Promise((resolve) => setTimeout(resolve))
    access = true
    answered(Response.json(nobody))
    expect((await asked).state.status).toBe(status)
  }
})
