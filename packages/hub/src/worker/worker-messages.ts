import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import type { Embedder } from '../embedder-headers.ts'
import type { BoundKey } from '../key/bound-key.ts'

/** Hub page → worker. Both are one build on one origin; their script address holds its hash. */
export type ToWorker =
  | {
      readonly type: 'follow'
      readonly embedder: Embedder
      readonly sid: string
      /** A key carries the session. */
      readonly keyed: boolean
      /** That key, for a worker of the page's own. A shared one takes it out of the partition's storage: WebKit hands none on to it. */
      readonly key: BoundKey | undefined
      readonly nonce: string | undefined
    }
  /** The hub answered a page: what it knows, the stream should know too. */
  | { readonly type: 'wake'; readonly revision: number }
  | { readonly type: 'leave' }

/** Worker → hub page. */
export type FromWorker =
  | { readonly type: 'answer'; readonly answer: SiteAnswer }
  | { readonly type: 'stream'; readonly status: StreamStatus }
