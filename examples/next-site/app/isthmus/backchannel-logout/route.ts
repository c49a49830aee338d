import { backchannelLogout } from '@isthmus/site'
import { verifier } from '../../../isthmus.ts'

/** The hub tells this server of every sign-out. */
export const POST = (request: Request): Promise<Response> => backchannelLogout(verifier())(request)
