import type { SiteAnswer } from '@isthmus/protocol'
import { afterEach, expect, it, vi } from 'vitest'
import type { BoundKey } from '../key/bound-key.ts'
import type { ToWorker } from '../worker/worker-messages.ts'
import { followStream } from './follow-stream.ts'

const ANSWER: SiteAnswer = {
  site: 'shop',
  carrier: 'key',
  state: {
    status: 'signed-in',
    access: 'denied',
    sid: 's1',
    user: { sub: 'u-customer' },
    expiresAt: 2,
    idleExpiresAt: 1,
    revision: 1,
  },
}

afterEach(() => {
  vi.unstubAllGlobals()
})

it('a page whose browser refuses shared workers has one of its own, and hands it the key', () => {
  const told: ToWorker[] = []
  vi.stubGlobal('addEventListener', () => {})
  vi.stubGlobal(
    'SharedWorker',
    class {
      constructor() {
        throw new DOMException('StorageAccess denied.', 'SecurityError')
      }
    },
  )
  vi.stubGlobal(
    'Worker',
    class {
      postMessage(message: ToWorker): void {
        told.push(message)
      }
      terminate(): void {}
    },
  )
  const key = { handle: 'h' } as BoundKey
  const embedder = { origin: 'https://shop.example', site: undefined, wantsToken: false }
  const stream = followStream(
    '/worker.js',
    embedder,
    () => key,
    () => {},
    () => {},
  )
  stream.follow(ANSWER)
  expect(told).toMatchObject([{ type: 'follow', sid: 's1', keyed: true, key }])
  stream.leave()
})
