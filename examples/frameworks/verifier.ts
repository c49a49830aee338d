import { createVerifier } from '@isthmus/site'

const { HUB = 'https://auth.example.com', SITE = 'shop', JWKS } = process.env

export const verifier = createVerifier({ hub: HUB, site: SITE, mirror: 'endpoint', ...(JWKS && { jwks: JWKS }) })
