import { html, raw } from 'hono/html'
import { visiblePageHeaders } from '../http/headers.ts'

const STYLE = `
:root { color-scheme: light dark; --ink: #17212b; --paper: #f6f4ef; --card: #fff; --line: #d9d4c7; --accent: #1f5f8b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e1; --paper: #12171c; --card: #1a2129; --line: #2f3943; --accent: #7db9e0; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: min(30rem, 100%); padding: 2.25rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; }
h1 { margin: 0 0 .6rem; font-size: 1.45rem; line-height: 1.25; }
p { margin: 0 0 1rem; } p:last-child { margin: 0; }
code { overflow-wrap: anywhere; }
a { color: var(--accent); }
button { font: inherit; font-weight: 600; padding: .6rem 1.3rem; border: 0; border-radius: 8px; background: var(--accent); color: var(--card); cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
`

/** One of the hub's own visible pages: a heading and what stands below it. Works without JavaScript. */
export async function renderPage(
  status: number,
  title: string,
  body: unknown,
  formTargets?: readonly string[],
): Promise<Response> {
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>`
  return new Response(String(await document), {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8', ...visiblePageHeaders(STYLE, formTargets) },
  })
}
