import type { Verdict } from '@isthmus/site'

const STYLE = `
  :root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
  body { max-width: 34rem; margin: 4rem auto; padding: 0 1rem }
  button { font: inherit; padding: 0.4em 1em }
  .members, .guests, .strangers { display: none }
  [data-isthmus='signed-in'] .members,
  [data-isthmus='signed-out'] .guests,
  [data-isthmus='signed-in'][data-access='denied'] .strangers { display: block }`

/** Draws the page again when the hub says something else than the server knew. */
const FOLLOW = `
  const { dataset } = document.documentElement
  const drawnFor = dataset.sid
  document.addEventListener('isthmus:change', ({ detail: now }) => {
    dataset.access = now.access ?? ''
    if (now.stale || now.status === 'unknown') return
    const sid = now.access === 'granted' ? now.sid : ''
    if (sid === drawnFor) return sessionStorage.removeItem('drawn-for')
    // Once for each session: where no cookie can be kept, the server never knows.
    if (sessionStorage.getItem('drawn-for') === sid) return
    sessionStorage.setItem('drawn-for', sid)
    location.reload()
  })`

/** The page of a site, drawn for the user of the verdict. Without one it shows nothing until the hub has answered. */
export function drawPage(hub: string, { sid = '', user, groups = [] }: Verdict): string {
  return `<!doctype html>
<html lang="en" data-isthmus="${user ? 'signed-in' : 'unknown'}" data-sid="${escapeHtml(sid)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Lamps</title>
<style>${STYLE}</style>
<script>${FOLLOW}</script>
<script src="${hub}/isthmus/client.js" data-mirror="cookie" async></script>
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
</section>`

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
