import { backchannelLogout } from '@isthmus/site'
import { verifier } from './verifier.ts'

export const POST = backchannelLogout(verifier)
