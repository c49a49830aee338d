import { createHash, randomUUID } from 'node:crypto'
import { IsthmusError } from '@isthmus/protocol'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import { limiterOf } from '../limits/limiter.ts'
import { openRedis, type RedisPlace } from './redis-open.ts'
import { NAMES, SWEEP, TAKE, WRITE } from './redis-scripts.ts'
import { checkKey, checkPrefix, keyOf } from './steps.ts'
import type { Clock, Store, Write } from './store.ts'
import { createTopics } from './topics.ts'

/** Entries deleted in one step; between two of them other work gets its turn. */
const SWEEP_BATCH = 500
/** Redis deletes an entry by itself this long after the sweep should have: clocks differ, and sweeps may be late. */
const TTL_MARGIN_MS = 3_600_000
/** What is kept longer is kept for ever. */
const TTL_MAX_MS = 10 * 365 * 24 * 3_600_000
/** A byte that UTF-8 never uses: it comes after all names that begin alike. */
const LAST = Buffer.from([0xff])

/** What {@link redisStore} takes. */
export type RedisStoreOptions = RedisPlace & {
  /** Name of the hub within this Redis: several hubs may share one. Default `isthmus`. */
  readonly name?: string
  /** Milliseconds since the epoch; default `Date.now`. Tests hold it. */
  readonly clock?: Clock
}

/**
 * A {@link Store} in Redis (6.2 or later) or Valkey, for any number of hub servers: all see the same sessions, and a
 * change at one reaches the streams at all. Made with `@redis/client`, the client that Redis itself maintains; ioredis
 * gets repairs only.
 *
 * What resolved is as durable as Redis is set to make it. With `appendonly yes` and `appendfsync always` it survives a
 * killed process and a loss of power; with the default `everysec` a killed process may lose what it answered last, because
 * Redis holds writes back for up to two seconds while its disk is busy. While Redis cannot be reached, every call rejects with `unreachable`, and
 * later ones go through again by themselves; what other servers announced meanwhile is announced again then, to all.
 *
 * In a cluster all keys of one hub lie in one slot (their hash tag is `name`), because one batch may touch any of them:
 * a cluster gives a hub its failover, and several hubs their room.
 *
 * @param options.url One server: `redis://user:password@host:6379`, `rediss://` with TLS; or
 * @param options.cluster the URLs of some servers of a cluster.
 * @throws IsthmusError `config-invalid` if it cannot be used: a password is missing, it is read-only, full, or too old.
 */
export async function redisStore(options: RedisStoreOptions): Promise<Store> {
  const { name = 'isthmus', clock = Date.now } = options
  const prefix = `{${name}}`
  const [names, expiry, channel] = [`${prefix}names`, `${prefix}expiry`, `${prefix}topics`]
  const entryKey = (key: string): string => `${prefix}/${key}`
  const redis = await openRedis(options, names)
  const topics = createTopics()
  const underWay = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  async function send(command: (string | Buffer)[]): Promise<unknown> {
    try {
      return await redis.run(names, command)
    } catch (cause) {
      throw new IsthmusError('unreachable', `The store cannot be used: ${(cause as Error).message}.`, { cause })
    }
  }

  /** Closing waits for the work, which may be more than one command. */
  async function during(work: () => Promise<unknown>): Promise<unknown> {
    if (closing) throw new Error('The store is closed.')
    const begun = work()
    underWay.add(begun)
    try {
      return await begun
    } finally {
      underWay.delete(begun)
    }
  }

  const run = (command: (string | Buffer)[]): Promise<unknown> => during(() => send(command))

  /** A cluster's connections break off what is under way when they close. */
  async function close(): Promise<void> {
    while (underWay.size > 0) await Promise.allSettled(underWay)
    await redis.close()
  }

  function script(text: string, keys: readonly string[], parameters: (string | Buffer)[]): Promise<unknown> {
    const rest = [String(keys.length + 2), names, expiry, ...keys, ...parameters]
    return during(async () => {
      try {
        return await send(['EVALSHA', shaOf(text), ...rest])
      } catch (error) {
        // A server that was started anew knows no scripts.
        if (!String((error as Error).cause).includes('NOSCRIPT')) throw error
        return send(['EVAL', text, ...rest])
      }
    })
  }

  function parametersOf(step: Write, now: number): string[] {
    if ('delete' in step) return [step.delete, 'delete', '', '', '']
    const ttlMs = Math.max(0, step.expiresAt - now) + TTL_MARGIN_MS
    const condition = step.ifVersion === undefined ? '*' : step.ifVersion === null ? '-' : `=${step.ifVersion}`
    const expiresAt = Number.isFinite(step.expiresAt) ? String(step.expiresAt) : '+inf'
    const entry = `${randomUUID()} ${expiresAt} ${step.value}`
    return [step.put, condition, expiresAt, ttlMs > TTL_MAX_MS ? '0' : String(Math.ceil(ttlMs)), entry]
  }

  await redis.subscribe(channel, topics.publish, topics.publishAll)

  return {
    async get(key) {
      const raw = await run(['GET', entryKey(checkKey(key))])
      if (raw === null) return undefined
      const { version, expiresAt, value } = readEntry(String(raw))
      return clock() < expiresAt ? { value, version } : undefined
    },

    async write(steps) {
      const keys = steps.map((step) => entryKey(keyOf(step)))
      const now = clock()
      const parameters = steps.flatMap((step) => parametersOf(step, now))
      return (await script(WRITE, keys, [String(now), ...parameters])) === 1
    },

    async take(key) {
      const value = await script(TAKE, [entryKey(checkKey(key))], [String(clock()), key])
      return value === null ? undefined : String(value)
    },

    async keys(begin) {
      const bytes = Buffer.from(checkPrefix(begin))
      const [from, to] = [Buffer.concat([Buffer.from('['), bytes]), Buffer.concat([Buffer.from('('), bytes, LAST])]
      const found = (await script(NAMES, [], [String(clock()), from, to])) as unknown[]
      return found.map(String).sort()
    },

    async publish(topic) {
      await run(['PUBLISH', channel, topic])
    },

    async subscribe(topic, listener) {
      if (closing) throw new Error('The store is closed.')
      return topics.subscribe(topic, listener)
    },

    async sweep() {
      let count = 0
      let batch: number
      do {
        batch = Number(await script(SWEEP, [], [String(clock()), String(SWEEP_BATCH), entryKey('')]))
        count += batch
      } while (batch === SWEEP_BATCH && !closing)
      return count
    },

    limiter({ name: what, most, windowS }) {
      const storeClient = {
        eval: (text: string, { keys, arguments: parameters }: { keys: string[]; arguments: string[] }) =>
          run(['EVAL', text, String(keys.length), ...keys, ...parameters]),
      }
      return limiterOf(
        new RateLimiterRedis({
          storeClient,
          useRedisPackage: true,
          keyPrefix: `${prefix}limit/${what}`,
          points: most,
          duration: windowS,
          // What is over the limit costs Redis nothing more.
          inMemoryBlockOnConsumed: most + 1,
        }),
      )
    },

    close() {
      topics.clear()
      closing ??= close()
      return closing
    },
  }
}

function readEntry(raw: string): { version: string; expiresAt: number; value: string } {
  const first = raw.indexOf(' ')
  const second = raw.indexOf(' ', first + 1)
  const time = raw.slice(first + 1, second)
  const expiresAt = time === '+inf' ? Number.POSITIVE_INFINITY : Number(time)
  return { version: raw.slice(0, first), expiresAt, value: raw.slice(second + 1) }
}

const shas = new Map<string, string>()

function shaOf(text: string): string {
  const known = shas.get(text) ?? createHash('sha1').update(text).digest('hex')
  shas.set(text, known)
  return known
}
