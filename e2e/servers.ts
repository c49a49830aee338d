import { type Engine, ensureEngine } from '@isthmus/testing'
import { redis } from './languages.ts'

/** Programs of other projects that unit tests run as they are: found and installed like browser engines. */
const servers: readonly Engine[] = [
  redis,
  {
    name: 'nginx',
    // Debian keeps it off the PATH of ordinary users.
    commands: ['nginx', '/usr/sbin/nginx'],
    trial: ['-v'],
    aptPackages: ['nginx-light'],
    variable: 'ISTHMUS_NGINX',
  },
  {
    name: 'HAProxy',
    commands: ['haproxy', '/usr/sbin/haproxy'],
    trial: ['-v'],
    aptPackages: ['haproxy'],
    variable: 'ISTHMUS_HAPROXY',
  },
]

/** Finds them or installs them before the first unit test: the workers of Vitest inherit the environment. */
function setUp(): void {
  for (const server of servers) {
    const path = ensureEngine(server)
    if (path) process.env[server.variable] = path
  }
}

// biome-ignore lint/style/noDefaultExport: Vitest calls the default export of a global set-up.
export default setUp
