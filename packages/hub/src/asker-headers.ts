import { ORIGIN_HEADER, SITE_HEADER } from '@isthmus/protocol'

/** The headers that say for whom the hub page asks. */
export function askerHeaders(origin: string, site: string | undefined): Record<string, string> {
  return { [ORIGIN_HEADER]: origin, ...(site !== undefined && { [SITE_HEADER]: site }) }
}
