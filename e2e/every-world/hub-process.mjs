// The hub of the tests as a process of its own, so that it can be killed. Arguments: one JSON object.
import { createServer } from 'node:https'
import { createHub } from '@isthmus/server'
import { lmdbStore } from '@isthmus/server/lmdb'
import { nodeHandler } from '@isthmus/server/node'

// A test that was cut off must not leave its hub behind.
process.on('disconnect', () => process.exit())

const { origin, sites, path, tls, subject } = JSON.parse(process.argv[2])
const hub = await createHub({ origin, sites, store: lmdbStore({ path }) })
const handle = nodeHandler(hub)

createServer(tls, (request, response) => {
  handle(request, response, async () => {
    // The shortest login page there is: whoever comes is the test's user.
    const { cookies, redirectTo } = await hub.signIn(request, subject)
    response.writeHead(303, { 'Set-Cookie': cookies, Location: redirectTo }).end()
  })
}).listen(Number(new URL(origin).port), '127.0.0.1', () => process.send?.('ready'))
