import type { RequestHandler } from 'express'

/** The hub hears nothing that a browser could prove itself with. */
export const forget: RequestHandler = ({ rawHeaders }, _, next) => {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (/^(?:cookie|authorization)$/i.test(rawHeaders[index] ?? '')) rawHeaders.splice(index, 2)
  }
  next()
}

/** The hub's answers leave no cookie in the browser. */
export const giveNoCookie: RequestHandler = (_, response, next) => {
  const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => typeof response
  response.writeHead = ((status: number, headers: object) => {
    response.removeHeader('set-cookie')
    const others = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== 'set-cookie')
    return writeHead(status, Object.fromEntries(others))
  }) as typeof response.writeHead
  next()
}
