import { parse } from 'bowser'
import { headerOf, type RequestLike } from './request-like.ts'

/** What a browser says it is, as coarse as its user needs it to recognize the device. */
export interface Device {
  /** `Firefox`, without a version. */
  readonly browser?: string
  /** `Windows`, without a version. */
  readonly system?: string
  readonly kind?: 'desktop' | 'mobile' | 'tablet' | 'tv'
}

/** Longer ones are no browser's. */
const USER_AGENT_LIMIT = 512
/** What is kept of a name: some parsers take it from the header as it is. */
const NAME_LIMIT = 40

const KINDS: readonly unknown[] = ['desktop', 'mobile', 'tablet', 'tv'] satisfies Device['kind'][]

/** Reads `User-Agent`; of the header itself nothing is kept, because its versions and models single people out. */
export function deviceOf(request: RequestLike): Device {
  const header = headerOf(request, 'user-agent')?.slice(0, USER_AGENT_LIMIT)
  if (!header) return {}
  const { browser, os, platform } = parse(header)
  return {
    ...(browser.name && { browser: browser.name.slice(0, NAME_LIMIT) }),
    ...(os.name && { system: os.name.slice(0, NAME_LIMIT) }),
    ...(KINDS.includes(platform.type) && { kind: platform.type as NonNullable<Device['kind']> }),
  }
}
