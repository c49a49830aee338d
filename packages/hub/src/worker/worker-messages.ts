import type { SiteAnswer, StreamStatus } from '@isthmus/protocol'
import type { Asker } from '../asker-headers.ts'

/** Hub page → worker. Both are one build on one origin; their script address holds its hash. */
export type ToWorker =
  | { readonly type: 'follow'; readonly asker: Asker; readonly sid: string }
  | { readonly type: 'wake' }
  | { readonly type: 'leave' }

/** Worker → hub page. */
export type FromWorker =
  | { readonly type: 'answer'; readonly answer: SiteAnswer }
  | { readonly type: 'stream'; readonly status: StreamStatus }
