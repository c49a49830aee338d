export { fetchTransport } from './hub/fetch-transport.ts'
export { cookieMirror } from './mirror/cookie-mirror.ts'
export { endpointMirror } from './mirror/endpoint-mirror.ts'
