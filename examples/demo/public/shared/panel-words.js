/** What a snapshot is called in the page: the key of its look. */
export function stateOf(snapshot) {
  if (snapshot.status !== 'signed-in') return snapshot.status
  return snapshot.access === 'granted' ? 'signed-in' : 'denied'
}

export const statusWords = {
  'signed-in': 'Signed in',
  denied: 'Not admitted',
  'signed-out': 'Signed out',
  unknown: 'Not known',
}

const whyWords = {
  'signed-in': 'The hub says so, and tells this site only the claims listed here.',
  denied: 'The hub knows this user; the groups of this site do not admit them.',
  none: 'Nobody is signed in.',
  logout: 'Signed out on one of the sites. Every site follows.',
  expired: 'The session reached its end.',
  idle: 'The session ended because nobody was there.',
  revoked: 'The session was ended at the hub.',
  loading: 'Asking the hub.',
  partitioned: 'This browser keeps the sites apart. Signing in here joins them.',
  unreachable: 'The hub does not answer. That signs nobody out.',
  timeout: 'The hub is slow to answer. That signs nobody out.',
  blocked: 'A policy or an extension keeps the hub out of this page.',
  'not-registered': 'The hub does not know the address of this page.',
}

/** One sentence on why the state is what it is. */
export function whyOf(snapshot) {
  return whyWords[snapshot.reason ?? stateOf(snapshot)] ?? ''
}

export const carrierWords = {
  cookie: 'hub’s own cookie',
  partitioned: 'partitioned cookie',
  key: 'key of this partition',
  none: 'none',
}

export const streamWords = {
  idle: 'idle, nobody to follow',
  connecting: 'connecting',
  open: 'open',
  down: 'down',
}

const viaWords = {
  frame: 'with the hub’s frame',
  push: 'pushed',
  answer: 'answered by the hub',
  tab: 'told by another tab',
}

/** How a change came and, where it was told as news, how fast: `pushed in 9 ms`. */
export function arrivalOf(change, isNews) {
  const way = viaWords[change.via] ?? change.via
  return isNews && isTold(change) ? `${way} in ${spanOf(change.delayMs)}` : way
}

/** The same in a word, for the log: `push 9 ms`. */
export function briefArrivalOf(change, isNews) {
  return isNews && isTold(change) ? `${change.via} ${spanOf(change.delayMs)}` : change.via
}

/** What a page learns by asking may be old: only what was told is measured against the moment of the change. */
function isTold({ via, delayMs }) {
  return (via === 'push' || via === 'tab') && typeof delayMs === 'number'
}

function spanOf(ms) {
  return ms < 1000 ? `${Math.max(0, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** How long ago a moment was: `12 s ago`. */
export function agoOf(at, now) {
  const seconds = Math.max(0, Math.round((now - at) / 1000))
  if (seconds < 2) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  return `${Math.floor(seconds / 3600)} h ago`
}

/** A user as the site knows them. */
export function nameOf(snapshot) {
  return snapshot.user?.name ?? snapshot.user?.sub
}

/** The claims of a user, as this site is told them: `points 240`. */
export function claimsOf(snapshot) {
  return Object.entries(snapshot.user ?? {})
    .filter(([name]) => name !== 'sub' && name !== 'name')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
