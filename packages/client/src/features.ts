export { fetchTransport } from './hub/fetch-transport.ts'
export { endpointMirror } from './mirror/endpoint-mirror.ts'
