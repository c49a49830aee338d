import type { RequestHandler } from 'express'

/** The hub hears nothing that a frame could prove itself with. */
export const forget: RequestHandler = ({ rawHeaders }, _, next) => {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    const name = rawHeaders[index]?.toLowerCase()
    if (name === 'authorization') rawHeaders.splice(index, 2)
    if (name !== 'cookie') continue
    // Those of its top-level pages, which frames do not send.
    const kept = (rawHeaders[index + 1] ?? '').split('; ').filter((pair) => pair.startsWith('__Host-isthmus.'))
    if (kept.length > 0) rawHeaders[index + 1] = kept.join('; ')
    else rawHeaders.splice(index, 2)
  }
  next()
}

/** The hub's answers leave no cookie that frames would send. Its own top-level pages keep theirs. */
export const giveNoCookie: RequestHandler = (_, response, next) => {
  const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => typeof response
  response.writeHead = ((status: number, headers: object) => {
    const given = Object.entries({ ...response.getHeaders(), ...headers })
    response.removeHeader('set-cookie')
    const kept = given.map(([name, value]) =>
      name.toLowerCase() === 'set-cookie'
        ? [name, [value].flat().filter((cookie) => /SameSite=Lax/.test(String(cookie)))]
        : [name, value],
    )
    return writeHead(status, Object.fromEntries(kept))
  }) as typeof response.writeHead
  next()
}
