import type { Verdict } from '@isthmus/site'

/** Where the token is kept for the server: in a cookie that the page writes, or in an HttpOnly one that the server sets. */
export type Mirror = 'cookie' | 'endpoint'

const STYLE = `
  :root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
  body { max-width: 34rem; margin: 4rem auto; padding: 0 1rem }
  button { font: inherit; padding: 0.4em 1em }
  .guests,
  .strangers,
  .failed,
  [data-drawn]:not([data-drawn="right"]) .members {
    display: none;
  }
  [data-isthmus="signed-out"] .guests,
  [data-access="denied"] .strangers,
  [data-isthmus="signed-in"][data-drawn="failed"] .failed {
    display: block;
  }`

/** Has the page drawn again when the hub says something else than the server knew. */
const FOLLOW = `
  const { dataset } = document.documentElement
  let wanted = dataset.sid
  function look({ status, stale, access, sid }) {
    if (stale || status === 'unknown') return
    dataset.access = access ?? ''
    wanted = access === 'granted' ? sid : ''
    dataset.drawn = wanted === dataset.sid ? 'right' : 'wrong'
  }
  function redraw() {
    if (dataset.drawn === 'right') sessionStorage.removeItem('redrawn')
    if (dataset.drawn !== 'wrong') return
    // Once for each session: where no cookie can be kept, the server is never told.
    if (sessionStorage.getItem('redrawn') === wanted) {
      dataset.drawn = 'failed'
      return
    }
    sessionStorage.setItem('redrawn', wanted)
    location.reload()
  }
  document.addEventListener('isthmus:change', ({ detail }) => look(detail))`

/** When the server knows it too: a cookie of the page is there at once, the server's own when it has answered. */
const WHEN: Record<Mirror, string> = {
  cookie: "document.addEventListener('isthmus:change', redraw)",
  endpoint: "document.addEventListener('isthmus:mirrored', redraw)",
}

/**
 * The page of a site, drawn for the user of the verdict: it stands until the hub says something else.
 * Without a user it shows nothing of either kind until the hub has answered.
 */
export function drawPage(hub: string, mirror: Mirror, { sid = '', user, groups = [] }: Verdict): string {
  return `<!doctype html>
<html lang="en" data-sid="${escapeHtml(sid)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Lamps</title>
<style>${STYLE}</style>
<script>${FOLLOW}
  ${WHEN[mirror]}
</script>
<script src="${hub}/isthmus/client.js" data-mirror="${mirror}" data-link="eager" async></script>
</head>
<body>
<h1>Lamps</h1>
${user ? forMember(String(user.name ?? user.sub), groups) : OPEN}
</body>
</html>`
}

/** The server decides what staff sees: in the HTML of a customer it does not even occur. */
function forMember(name: string, groups: readonly string[]): string {
  return `<section class="members">
<p>Signed in as <b id="name">${escapeHtml(name)}</b>.</p>
${groups.includes('staff') ? '<p id="assist">You are here as staff: ask the customer for the number of the order.</p>' : ''}
<button type="button" onclick="isthmus.signOut()">Sign out</button>
</section>`
}

const OPEN = `<section class="guests">
<p>Nobody is signed in.</p>
<button type="button" onclick="isthmus.signIn()">Sign in</button>
</section>
<section class="strangers">
<p>Your account is not admitted here.</p>
<button type="button" onclick="isthmus.signOut()">Sign out everywhere</button>
</section>
<section class="failed">
<p>You are signed in, but this site's server could not be told.</p>
<button type="button" onclick="location.reload()">Try again</button>
</section>`

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
