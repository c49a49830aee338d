import type { Verifier } from '@isthmus/site'
import { backchannelLogout, isthmus, mirrorEndpoint } from '@isthmus/site/express'
import express, { type Express } from 'express'
import { drawPage } from './page.ts'

/**
 * A site whose pages are drawn on the server, for the user whom the site token names.
 *
 * @param origin where browsers see the site, if it is to keep the token in an HttpOnly cookie of its own
 */
export function createSiteApp(verifier: Verifier, origin?: string): Express {
  const app = express().disable('x-powered-by')

  app.post('/isthmus/backchannel-logout', backchannelLogout(verifier))
  if (origin) app.use(mirrorEndpoint(verifier, { origins: [origin] }))
  app.use(isthmus(verifier))

  app.get('/', (request, response) => {
    response.send(drawPage(verifier.hub, origin ? 'endpoint' : 'cookie', request.isthmus))
  })

  // What only members may have is guarded here, by the verdict; the page's own script guards nothing.
  app.get('/members', (request, response) => {
    const { user, error } = request.isthmus
    if (user) response.type('text').send(`For members: ${user.sub}\n`)
    else response.status(401).type('text').send(`${error.code}: ${error.message}\n`)
  })

  return app
}
