import { createClient } from '@redis/client'
import { vi } from 'vitest'
import { freePort } from '../free-port.test-world.ts'
import { type RedisServer, startRedis } from './redis-server.test-world.ts'

const SLOTS = 16_384
const MASTERS = 3

/** A real cluster of Redis: three masters that share the slots, and a replica of the one that holds the hub's. */
export interface RedisCluster extends AsyncDisposable {
  readonly urls: readonly string[]
  /** The master that holds the slot of a key. */
  masterOf(key: string): Promise<RedisServer>
}

interface Node extends RedisServer {
  readonly busPort: number
}

/** `key`: one whose master has a replica, for failover. */
export async function startCluster(key: string): Promise<RedisCluster> {
  const nodes = await Promise.all(Array.from({ length: MASTERS + 1 }, startNode))
  const [first] = nodes as [Node]
  for (const [index, node] of nodes.slice(0, MASTERS).entries()) {
    const [from, to] = [index, index + 1].map((part) => Math.ceil((part * SLOTS) / MASTERS)) as [number, number]
    await tell(node, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1))
    // As different from each other as they would become by themselves, later.
    await tell(node, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  }
  for (const { port, busPort } of nodes.slice(1)) {
    await tell(first, 'CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort))
  }
  await untilAll(nodes, async (node) => {
    const info = await tell(node, 'CLUSTER', 'INFO')
    return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`)
  })

  async function masterOf(one: string): Promise<RedisServer> {
    const slot = Number(await tell(first, 'CLUSTER', 'KEYSLOT', one))
    return nodes[Math.floor((slot * MASTERS) / SLOTS)] as Node
  }

  const master = await masterOf(key)
  const replica = nodes.at(-1) as Node
  await tell(replica, 'CLUSTER', 'REPLICATE', await tell(master, 'CLUSTER', 'MYID'))
  await untilAll([replica], async (node) => (await tell(node, 'INFO', 'replication')).includes('master_link_status:up'))
  return {
    urls: nodes.map(({ url }) => url),
    masterOf,
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    },
  }
}

async function startNode(): Promise<Node> {
  const busPort = await freePort()
  const options = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '1000']
  return Object.assign(await startRedis(...options), { busPort })
}

async function tell({ url }: RedisServer, ...command: string[]): Promise<string> {
  const client = await createClient({ url }).connect()
  try {
    return String(await client.sendCommand(command))
  } finally {
    client.destroy()
  }
}

async function untilAll(nodes: readonly Node[], isSo: (node: Node) => Promise<boolean>): Promise<void> {
  await vi.waitFor(
    async () => {
      if (!(await Promise.all(nodes.map(isSo))).every(Boolean)) throw new Error('The cluster is not ready.')
    },
    { timeout: 20_000, interval: 50 },
  )
}
