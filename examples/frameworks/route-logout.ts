import { backchannelLogout } from '@isthmus/site'
import { verifier } from './verifier.ts'

const receive = backchannelLogout(verifier)
export const POST = ({ request }: { request: Request }) => receive(request)
