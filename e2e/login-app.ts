import type { Hub } from '@isthmus/server'
import express, { type Express } from 'express'
import { USERS } from './users.ts'

/** The login page of the auth domain: what an operator writes. */
export function createLoginApp(hub: Hub): Express {
  const app = express()
  app.get('/login', (_, response) => {
    response.send(
      '<!doctype html><title>Sign in</title><form method="post"><input name="user" aria-label="User"><button>Sign in</button></form>',
    )
  })
  app.post('/login', express.urlencoded({ extended: false }), async (request, response) => {
    const user = USERS[String(request.body.user)]
    if (!user) {
      response.status(401).send('Nobody has this name.')
      return
    }
    const { cookies, redirectTo } = await hub.signIn(request, user)
    response.append('Set-Cookie', cookies)
    response.redirect(303, redirectTo)
  })
  app.get('/', (_, response) => {
    response.send('<!doctype html><title>Auth</title><h1>Auth domain</h1>')
  })
  return app
}
