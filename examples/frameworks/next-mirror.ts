import { mirrorEndpoint } from '@isthmus/site'
import { verifier } from './verifier.ts'

const mirror = mirrorEndpoint(verifier, { origins: ['https://shop.example'] })

export { mirror as DELETE, mirror as POST }
