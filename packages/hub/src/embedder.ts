import { ORIGIN_HEADER, SITE_HEADER, TOKEN_HEADER } from '@isthmus/protocol'

/** The page around this frame. */
export interface Embedder {
  readonly origin: string
  readonly site: string | undefined
  /** It mirrors the session, and so needs a site token. */
  readonly wantsToken: boolean
}

/** The headers that say for whom the hub page asks. */
export function embedderHeaders({ origin, site, wantsToken }: Embedder): Record<string, string> {
  return {
    [ORIGIN_HEADER]: origin,
    ...(site !== undefined && { [SITE_HEADER]: site }),
    ...(wantsToken && { [TOKEN_HEADER]: '1' }),
  }
}
