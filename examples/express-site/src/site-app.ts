import type { Verifier } from '@isthmus/site'
import { backchannelLogout, isthmus } from '@isthmus/site/express'
import express, { type Express } from 'express'
import { drawPage } from './page.ts'

/** A site whose pages are drawn on the server, for the user whom the site token names. */
export function createSiteApp(verifier: Verifier): Express {
  const app = express().disable('x-powered-by')

  app.post('/isthmus/backchannel-logout', backchannelLogout(verifier))
  app.use(isthmus(verifier))

  app.get('/', (request, response) => {
    response.send(drawPage(verifier.hub, request.isthmus))
  })

  // What only members may have is guarded here, by the verdict; the page's own script guards nothing.
  app.get('/members', (request, response) => {
    const { user, error } = request.isthmus
    if (user) response.type('text').send(`For members: ${user.sub}\n`)
    else response.status(401).type('text').send(`${error.code}: ${error.message}\n`)
  })

  return app
}
