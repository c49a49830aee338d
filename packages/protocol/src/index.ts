import * as ENDPOINTS from './endpoints.ts'

export { pauseBefore } from './backoff.ts'
export {
  ABSOLUTE_LIFETIME_MS,
  ATTENTION_INTERVAL_MS,
  BASE_PATH,
  BODY_LIMIT_BYTES,
  FRAME_TIMEOUT_MS,
  HEARTBEAT_MS,
  HOST_TOKEN_COOKIE,
  IDLE_LIFETIME_MS,
  JWKS_PATH,
  LOGIN_COOKIE,
  LOGIN_LIFETIME_MS,
  LOGOUT_EVENT,
  LOGOUT_TOKEN_LIFETIME_MS,
  MIRROR_PATH,
  ORIGIN_HEADER,
  PARTITIONED_COOKIE_PREFIX,
  PROTOCOL_VERSION,
  RETRY_MAX_MS,
  RETRY_MIN_MS,
  RETURN_TO_LIMIT,
  SESSION_COOKIE,
  SITE_HEADER,
  STREAM_SILENCE_MS,
  TAB_CHANNEL_PREFIX,
  TICKET_FRAGMENT,
  TICKET_LIFETIME_MS,
  TOKEN_COOKIE,
  TOKEN_LIFETIME_MS,
  TOKEN_LIMIT,
  TOMBSTONE_LIFETIME_MS,
  TOUCH_INTERVAL_MS,
} from './constants.ts'
export type { EndpointName } from './endpoint-facts.ts'
export { ERRORS, isErrorCode, sentenceOf } from './error-facts.ts'
export { type ErrorCode, IsthmusError } from './errors.ts'
export {
  type ClientToHub,
  clientToHubSchema,
  type Hello,
  type HubToClient,
  helloSchema,
  hubToClientSchema,
  type Message,
  messageSchema,
  type StreamStatus,
  secretSchema,
  type TabToTab,
  tabToTabSchema,
  type Welcome,
  welcomeSchema,
} from './messages.ts'
export { isTrustworthyOrigin, type Origin, originOf, parseOrigin } from './origins.ts'
export {
  type Bounce,
  bounceSchema,
  type Discovery,
  discoverySchema,
  type HubPageData,
  hubPageDataSchema,
  type Problem,
  problemSchema,
  type RedeemInput,
  redeemSchema,
} from './payloads.ts'
export type { Snapshot, UnknownReason } from './snapshot.ts'
export {
  type Carrier,
  carrierSchema,
  type SiteAnswer,
  type SiteState,
  siteAnswerSchema,
  siteIdSchema,
  siteStateSchema,
} from './state.ts'
/** Every endpoint of a hub, by name. */
export { ENDPOINTS }
