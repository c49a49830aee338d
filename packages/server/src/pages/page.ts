import { html, raw } from 'hono/html'
import { visiblePageHeaders } from '../responses/headers.ts'
import { LANGUAGE } from './strings.ts'
import { STYLE } from './style.ts'

/** What a template gives. */
export type Html = ReturnType<typeof html>

interface PageOptions {
  /** Where the page leads on by itself. */
  readonly goTo?: string
  /** Improves the page; it works without. */
  readonly script?: string
}

/** One of the hub's own visible pages: a heading and what stands below it. Works without JavaScript. */
export async function renderPage(
  status: number,
  title: string,
  body: unknown,
  options: PageOptions = {},
): Promise<Response> {
  const { goTo, script } = options
  const extra = script === undefined ? '' : html`<script>${raw(script)}</script>`
  const document = `${await above(title, goTo)}${await html`${body}${extra}`}${BELOW}`
  return new Response(document, { status, headers: headers(options) })
}

/** The same, written on piece by piece as the pieces come; browsers show them as they arrive. */
export function streamPage(title: string, pieces: AsyncGenerator<Html>): Response {
  const encoder = new TextEncoder()
  async function* document(): AsyncGenerator<string> {
    yield String(await above(title))
    for await (const piece of pieces) yield String(await piece)
    yield BELOW
  }
  const parts = document()
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(encoder.encode(value))
    },
    cancel: () => void parts.return(undefined),
  })
  // Proxies such as nginx would hold the pieces back until a buffer is full.
  return new Response(body, { headers: { ...headers(), 'X-Accel-Buffering': 'no' } })
}

function headers({ script }: PageOptions = {}): Record<string, string> {
  return { 'Content-Type': 'text/html; charset=utf-8', ...visiblePageHeaders(STYLE, script) }
}

function above(title: string, goTo?: string): Html {
  return html`<!doctype html>
<html lang="${LANGUAGE}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${
  goTo === undefined
    ? ''
    : html`<meta http-equiv="refresh" content="0;url=${goTo}">
`
}<style>${raw(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
`
}

const BELOW = `
</main>
</body>
</html>
`
