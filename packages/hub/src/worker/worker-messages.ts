import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import type { Asker } from '../asker-headers.ts'
import type { BoundKey } from '../key/bound-key.ts'

/** Hub page → worker. Both are one build on one origin; their script address holds its hash. */
export type ToWorker =
  | {
      readonly type: 'follow'
      readonly asker: Asker
      readonly sid: string
      /** Where a key carries the session; it can be handed on, but not read. */
      readonly key: BoundKey | undefined
      readonly nonce: string | undefined
    }
  | { readonly type: 'wake' }
  | { readonly type: 'leave' }

/** Worker → hub page. */
export type FromWorker =
  | { readonly type: 'answer'; readonly answer: SiteAnswer }
  | { readonly type: 'stream'; readonly status: StreamStatus }
