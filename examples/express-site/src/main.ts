import { createServer } from 'node:http'
import { createVerifier } from '@isthmus/site'
import { createSiteApp } from './site-app.ts'

const { HUB: hub = 'http://auth.localhost:4000', SITE: site = 'shop', PORT: port = '8080', JWKS, ORIGIN } = process.env

const mirror = ORIGIN ? 'endpoint' : 'cookie'
const verifier = createVerifier({ hub, site, mirror, ...(JWKS && { jwks: JWKS }) })

createServer(createSiteApp(verifier, ORIGIN)).listen(Number(port), '127.0.0.1', () => {
  console.log(`The site "${site}" of ${hub} is served at http://127.0.0.1:${port}.`)
})
