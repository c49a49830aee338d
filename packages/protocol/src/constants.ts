const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Version of the wire; every message that crosses a window or a channel carries it. */
export const PROTOCOL_VERSION = 1

/** Every hub endpoint but the discovery document lives below this path. */
export const BASE_PATH = '/isthmus'

/** Fragment parameter that brings a ticket back to the site. Fragments reach no server and no Referer. */
export const TICKET_FRAGMENT = 'isthmus'

/** Value of that parameter on a link that takes a session along; the session's id follows, then the page's own fragment after `&`. */
export const TRANSFER_HINT = 'link:'

/** Channel name for the tabs of one site; the hub's origin and the site id are appended. */
export const TAB_CHANNEL_PREFIX = 'isthmus:'

/** Request header in which the hub page names the origin it speaks for. It forces a preflight: other origins cannot send it. */
export const ORIGIN_HEADER = 'isthmus-origin'

/** Request header in which the hub page names the site, where one origin serves several. */
export const SITE_HEADER = 'isthmus-site'

/** Request header that asks the server to hold an event stream open, and response header that says it does: shows buffering on the way. */
export const PROBE_HEADER = 'isthmus-probe'

/** Cookie that carries the session into frames of the hub: SameSite=None. `__Host-`: this host only, Secure, Path=/ (RFC 6265bis §4.1.3.2). */
export const SESSION_COOKIE = '__Host-isthmus'

/** Its twin for top-level visits and the program's own pages: SameSite=Lax, so that no other site's request brings it. */
export const TOP_LEVEL_COOKIE = '__Host-isthmus.session'

/** Lax cookie of a browser that is signed out: a random value, from which the carriers of its partitions are derived. */
export const GUEST_COOKIE = '__Host-isthmus.guest'

/** Prefix of the partitioned cookies; the site id is appended, because sites below one registrable domain share a partition. */
export const PARTITIONED_COOKIE_PREFIX = '__Host-isthmus-'

/** Prefix of the Lax cookies, one for each pending sign-in that this browser began; the id is appended. */
export const LOGIN_COOKIE_PREFIX = '__Host-isthmus.login.'

/** A proof of possession is good this long, counted from the nonce that the hub gave for it (RFC 9449 §8). */
export const DPOP_NONCE_LIFETIME_MS = 5 * MINUTE_MS

/** Life of a ticket: one redirect and one request on a slow phone. */
export const TICKET_LIFETIME_MS = 60 * SECOND_MS

/** Life of a registered visit: the page leaves at once, or with the user's next click. */
export const VISIT_LIFETIME_MS = 10 * MINUTE_MS

/** Where a login page in any language sends the browser with a signed assertion, if the hub takes any. */
export const ASSERTION_PATH = `${BASE_PATH}/assertion`

/** Longest life of such an assertion: one redirect on a slow phone. */
export const ASSERTION_LIFETIME_MS = 60 * SECOND_MS

/** Where users begin whose login is at an OpenID provider, if the hub has one. */
export const OIDC_PATH = `${BASE_PATH}/oidc`

/** Where back ends manage sessions by a key, if the hub lets them. */
export const ADMIN_PATH = `${BASE_PATH}/admin`

/** How long the pending sign-in is remembered: long enough to find a password. */
export const LOGIN_LIFETIME_MS = 30 * MINUTE_MS

/** A browser that is signed out has its partitions ask anew after this long: its cookies may have been deleted meanwhile. */
export const GUEST_LIFETIME_MS = HOUR_MS

/** A session ends when nobody has been active on any site for this long. */
export const IDLE_LIFETIME_MS = 30 * MINUTE_MS

/** A session ends this long after sign-in, whatever happens. */
export const ABSOLUTE_LIFETIME_MS = 12 * HOUR_MS

/** An ended session is remembered this long, so that late tabs hear the true reason. */
export const TOMBSTONE_LIFETIME_MS = 12 * HOUR_MS

/** Users are warned this long before the session ends. */
export const EXPIRY_WARNING_MS = MINUTE_MS

/** Activity is reported to the hub at most this often, by all pages of a browser together. */
export const TOUCH_INTERVAL_MS = MINUTE_MS

/** The hub frame must have answered by then; afterwards the session is unknown. */
export const FRAME_TIMEOUT_MS = 5 * SECOND_MS

/** First and longest pause between attempts; doubled in between, with full jitter. */
export const RETRY_MIN_MS = SECOND_MS / 2
export const RETRY_MAX_MS = 30 * SECOND_MS

/** Silence on an event stream never lasts longer than this. */
export const HEARTBEAT_MS = 20 * SECOND_MS

/** A stream silent for this long is dead: two heartbeats and a half were missed. */
export const STREAM_SILENCE_MS = (5 * HEARTBEAT_MS) / 2

/** A stream that is asked for as a probe ends this long after it would: beyond the patience of every reader that waits for its first event. */
export const PROBE_HOLD_MS = 2 * FRAME_TIMEOUT_MS

/** Looking at a tab asks the hub at most this often. */
export const ATTENTION_INTERVAL_MS = 5 * SECOND_MS

/** Most bytes of a request body the hub reads: a redeem is the largest. */
export const BODY_LIMIT_BYTES = 8 * 1024

/** Longest URL accepted as `return_to`; longer ones do not survive proxies. */
export const RETURN_TO_LIMIT = 4096

/** Life of a site token: the longest that a site which is not told of a sign-out can go on believing. */
export const TOKEN_LIFETIME_MS = 5 * MINUTE_MS

/** A page that got a token asks for the next one after this long: whatever it gets has half its life before it. */
export const TOKEN_RENEW_MS = TOKEN_LIFETIME_MS / 2 - 30 * SECOND_MS

/** Longest token that is looked at. Cookies end at 4 kB; whatever is longer is an attack on the parser. */
export const TOKEN_LIMIT = 8 * 1024

/** Where the hub publishes the keys of its tokens (RFC 7517 §5). */
export const JWKS_PATH = '/.well-known/jwks.json'

/** How long anybody may keep the published keys, and what was verified by them: a revoked key opens nothing after that. */
export const JWKS_CACHE_MS = 30 * SECOND_MS

/** A site whose hub cannot be reached goes on with the keys that it has for this long: no token lives longer. */
export const JWKS_STALE_MS = 10 * MINUTE_MS

/** A hub server reads the keys again after this long: another one may have added or revoked one. */
export const KEYS_FRESH_MS = 30 * SECOND_MS

/** A key is published this long before it signs: whoever keeps the list of keys has read it anew by then, and clocks may differ. */
export const KEY_LEAD_MS = JWKS_STALE_MS + KEYS_FRESH_MS + TOKEN_LIFETIME_MS

/** A key signs for this long; then the next one does. */
export const KEY_LIFETIME_MS = 30 * 24 * HOUR_MS

/** Header parameter of a site token: its time of issue in milliseconds, where `iat` counts seconds. For revocations of a whole user. */
export const ISSUED_AT_HEADER = 'iat_ms'

/** Request header by which the hub page asks for a site token; across origins the query `token=1` does. */
export const TOKEN_HEADER = 'isthmus-token'

/** Cookie of the site that holds its token, written by the page: `cookieMirror()`. */
export const TOKEN_COOKIE = 'isthmus_token'

/** The same, HttpOnly, written by the site's back end: `endpointMirror()`. */
export const HOST_TOKEN_COOKIE = '__Host-isthmus_token'

/** Path on the site's own origin that the client posts its token to: `endpointMirror()`. */
export const MIRROR_PATH = '/isthmus/mirror'

/** Life of a logout token: one delivery and its clock skew (Back-Channel Logout §2.4 advises two minutes at most). */
export const LOGOUT_TOKEN_LIFETIME_MS = 2 * MINUTE_MS

/** The event that a logout token names (Back-Channel Logout §2.4). */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** A back end must have taken a logout token by then; a slower one is asked again later. */
export const DELIVERY_TIMEOUT_MS = 5 * SECOND_MS

/** A delivery belongs to the hub server that attempts it for this long; afterwards to whoever takes it up. */
export const DELIVERY_LEASE_MS = 3 * DELIVERY_TIMEOUT_MS

/** A logout token that nobody takes is given up after a day: tokens of the session are dead for long. */
export const DELIVERY_LIFETIME_MS = 24 * HOUR_MS

/** First and longest pause between two attempts to deliver; doubled in between, with jitter. */
export const DELIVERY_RETRY_MIN_MS = SECOND_MS
export const DELIVERY_RETRY_MAX_MS = HOUR_MS / 2

/** How a delivery ended is shown on the signed-out page for this long. */
export const DELIVERY_SHOWN_MS = 10 * MINUTE_MS

/** "Last seen on a site" is written down at most this often. */
export const SITE_SEEN_INTERVAL_MS = 5 * MINUTE_MS
