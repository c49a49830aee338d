import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import type { Embedder } from '../embedder.ts'
import type { BoundKey } from '../key/bound-key.ts'

/** The session whose stream a page wants. */
export interface Wish {
  readonly type: 'follow'
  readonly embedder: Embedder
  readonly sid: string
  /** A key carries the session. */
  readonly keyed: boolean
  /** That key, for a worker of the page's own. A shared one takes it out of the partition's storage: WebKit hands none on to it. */
  readonly key: BoundKey | undefined
  readonly nonce: string
  /** For a worker of the page's own: where the pages of the partition elect one; without it the worker serves its page alone. */
  readonly room: string | undefined
}

/** Hub page → worker. Both are one build on one origin; their addresses hold its hash. */
export type ToWorker =
  | Wish
  /** The hub answered a page: what it knows, the stream should know too. */
  | { readonly type: 'wake'; readonly revision: number }
  | { readonly type: 'leave' }

/** Worker → hub page. */
export type FromWorker =
  | { readonly type: 'answer'; readonly answer: SiteAnswer }
  | { readonly type: 'stream'; readonly status: StreamStatus }
  /** This worker cannot read the key that proves the session. */
  | { readonly type: 'keyless' }
