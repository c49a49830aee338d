import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { IsthmusError } from '@isthmus/protocol'
import { build } from 'vite'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lmdbStore } from './lmdb.ts'

const FAR = Date.UTC(2100, 0)

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-lmdb-'))
})

afterEach(() => {
  chmodSync(folder, 0o700)
  rmSync(folder, { recursive: true })
})

/** The store as one script, bundled once: it starts in a moment, many times. */
let storeScript: string

beforeAll(async () => {
  const bundle = mkdtempSync(join(tmpdir(), 'isthmus-lmdb-bundle-'))
  storeScript = join(bundle, 'store.mjs')
  await build({
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { '@isthmus/protocol': resolve(import.meta.dirname, '../../../protocol/src/index.ts') } },
    ssr: { noExternal: true, external: ['lmdb'] },
    build: {
      ssr: join(import.meta.dirname, 'lmdb.ts'),
      outDir: bundle,
      rolldownOptions: { output: { entryFileNames: 'store.mjs', paths: { lmdb: import.meta.resolve('lmdb') } } },
    },
  })
  return () => rmSync(bundle, { recursive: true })
})

/**
 * Starts Node on a script that finds a `store` open in the folder, and `args`.
 * `blocks` limits how long files may grow, in units of 512 bytes: what then happens is what happens on a full disk.
 */
function startChild(script: string, { args = [], blocks }: { args?: string[]; blocks?: number } = {}): ChildProcess {
  const source = `
    import { lmdbStore } from ${JSON.stringify(storeScript)}
    const [path, ...args] = process.argv.slice(1)
    const store = lmdbStore({ path })
    ${script}`
  const limit = blocks === undefined ? '' : `ulimit -f ${blocks} && `
  const node = [process.execPath, '--input-type=module', '--eval', source, folder, ...args]
  return spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...node], {
    cwd: import.meta.dirname,
    timeout: 30_000,
    stdio: ['ignore', 'pipe', blocks === undefined ? 'inherit' : 'ignore'],
  })
}

describe('a restart', () => {
  it('keeps entries, their versions and their expiry', async () => {
    let now = 1000
    const first = lmdbStore({ path: folder, clock: () => now })
    await first.write([
      { put: 'long', value: '{"long":true}', expiresAt: 3000 },
      { put: 'short', value: '{"short":true}', expiresAt: 2000 },
      { put: 'shorter', value: '1', expiresAt: 1500 },
    ])
    await first.take('shorter')
    const before = await first.get('long')
    await first.close()

    const second = lmdbStore({ path: folder, clock: () => now })
    expect(await second.keys('')).toEqual(['long', 'short'])
    expect(await second.get('long')).toEqual(before)
    now = 2000
    expect(await second.get('short')).toBeUndefined()
    expect(await second.sweep()).toBe(1)
    expect(await second.write([{ put: 'long', value: '2', expiresAt: 3000, ifVersion: before?.version ?? '' }])).toBe(
      true,
    )
    await second.close()

    const third = lmdbStore({ path: folder, clock: () => now })
    expect(await third.keys('')).toEqual(['long'])
    expect((await third.get('long'))?.value).toBe('2')
    await third.close()
  })
})

describe('SIGKILL in the middle of writing', () => {
  const LANES = 4
  const KEYS_PER_BATCH = 20
  const ROUNDS = 8

  // Every lane writes one batch after the other over its own keys, and says so once the write has resolved.
  const writeForEver = `
    const writeLane = async (lane) => {
      for (let turn = Number(args[0]); ; turn++) {
        await store.write(Array.from({ length: ${KEYS_PER_BATCH} }, (_, index) => ({
          put: \`lane:\${lane}:\${index}\`,
          value: JSON.stringify({ turn, filling: 'x'.repeat(turn % 50 * 50) }),
          expiresAt: ${FAR} + turn,
        })))
        console.log(JSON.stringify({ lane, turn }))
      }
    }
    for (let lane = 0; lane < ${LANES}; lane++) writeLane(lane)`

  async function writeUntilKilled(firstTurn: number): Promise<number[]> {
    const child = startChild(writeForEver, { args: [String(firstTurn)] })
    const closed = once(child, 'close')
    const acknowledged = Array.from({ length: LANES }, () => firstTurn - 1)
    // Killed some writes after all lanes have begun: others of them are in the middle of one.
    let left = Math.ceil(Math.random() * 20 * LANES)
    if (!child.stdout) throw new Error('The child has no stdout')
    for await (const line of createInterface(child.stdout)) {
      // The last line may be cut in two.
      if (!line.endsWith('}')) continue
      const { lane, turn } = JSON.parse(line) as { lane: number; turn: number }
      acknowledged[lane] = turn
      if (acknowledged.every((each) => each >= firstTurn) && --left === 0) child.kill('SIGKILL')
    }
    expect(await closed).toEqual([null, 'SIGKILL'])
    return acknowledged
  }

  it('loses no acknowledged write and leaves no batch half done', { timeout: 60_000 }, async () => {
    let turn = 1
    for (let round = 0; round < ROUNDS; round++) {
      const acknowledged = await writeUntilKilled(turn)
      const store = lmdbStore({ path: folder })
      for (const [lane, last] of acknowledged.entries()) {
        const keys = await store.keys(`lane:${lane}:`)
        expect(keys).toHaveLength(KEYS_PER_BATCH)
        const values = await Promise.all(keys.map(async (key) => (await store.get(key))?.value ?? '{}'))
        expect(new Set(values).size).toBe(1)
        const stored = JSON.parse(values[0] ?? '{}').turn
        expect([last, last + 1]).toContain(stored)
        turn = Math.max(turn, stored + 1)
      }
      await store.close()
    }

    const later = lmdbStore({ path: folder, clock: () => FAR + turn })
    expect(await later.sweep()).toBe(LANES * KEYS_PER_BATCH)
    expect(await later.sweep()).toBe(0)
    await later.close()
  })
})

describe('a full disk', () => {
  it('fails the write that does not fit, and neither the process nor what is stored', { timeout: 20_000 }, async () => {
    const child = startChild(
      `
      const put = (key, value) => store.write([{ put: key, value, expiresAt: ${FAR} }])
      await put('small', '1')
      const big = await Promise.allSettled(Array.from({ length: 10 }, (_, index) => put('big:' + index, 'x'.repeat(100_000))))
      console.log(JSON.stringify({
        errors: [...new Set(big.map(({ reason }) => reason?.message))],
        keys: await store.keys(''),
        taken: await store.take('small'),
      }))
      await store.close()`,
      { blocks: 500 },
    )
    const closed = once(child, 'close')
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    expect(await closed).toEqual([0, null])
    expect(JSON.parse(output)).toEqual({
      errors: [expect.stringContaining('The store cannot write: ')],
      keys: ['small'],
      taken: '1',
    })
  })
})

describe('a step that cannot be stored', () => {
  it('undoes those before it, and disturbs no other batch', async () => {
    const store = lmdbStore({ path: folder })
    const put = (key: string, value: unknown) => ({ put: key, value: value as string, expiresAt: FAR })
    const results = await Promise.allSettled([
      store.write([put('before', '1')]),
      store.write([put('a', '1'), put('before', '2'), put('b', Symbol('no text'))]),
      store.write([put('after', '1')]),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await store.keys('')).toEqual(['after', 'before'])
    expect((await store.get('before'))?.value).toBe('1')
    await store.close()
  })
})

describe('the folder', () => {
  it('is made, for this user only', async () => {
    const path = join(folder, 'var', 'sessions.db')
    const store = lmdbStore({ path })
    await store.close()
    const modeOf = (...names: string[]) => statSync(join(folder, ...names)).mode & 0o777
    expect(modeOf('var')).toBe(0o700)
    expect(modeOf('var', 'sessions.db')).toBe(0o700)
    expect(modeOf('var', 'sessions.db', 'data.mdb')).toBe(0o600)
  })

  it.skipIf(process.platform === 'win32')('is refused while every user of the machine may open it', async () => {
    await lmdbStore({ path: folder }).close()
    chmodSync(folder, 0o777)
    expect(failure(folder).message).toMatch(/^store\.path: every user of this machine may open \S+: chmod o-w \S+\.$/)
    // A group may share it, as volumes of containers are.
    chmodSync(folder, 0o2770)
    await lmdbStore({ path: folder }).close()
    chmodSync(join(folder, 'data.mdb'), 0o644)
    await lmdbStore({ path: folder }).close()
    chmodSync(folder, 0o755)
    expect(failure(folder).message).toMatch(/data\.mdb: chmod o-rw/)
  })

  function failure(path: string): IsthmusError {
    try {
      lmdbStore({ path })
    } catch (error) {
      if (error instanceof IsthmusError) return error
      throw error
    }
    throw new Error(`${path} was opened`)
  }

  it('cannot be cut off: the process goes on, and the file stays as it is', async () => {
    const store = lmdbStore({ path: folder })
    for (let index = 0; index < 300; index++) {
      await store.write([{ put: `key/${index}`, value: JSON.stringify('x'.repeat(500)), expiresAt: FAR }])
    }
    await store.close()
    const data = join(folder, 'data.mdb')
    const whole = readFileSync(data)
    for (const share of [0.99, 0.5, 0.01]) {
      const rest = whole.subarray(0, Math.floor(whole.length * share))
      writeFileSync(data, rest)
      const error = failure(folder)
      expect(error.code).toBe('config-invalid')
      expect(error.message).toContain(`data.mdb is cut off after ${rest.length} bytes`)
      expect(readFileSync(data).equals(rest)).toBe(true)
    }
    writeFileSync(data, whole)
    const again = lmdbStore({ path: folder })
    expect(await again.keys('key/')).toHaveLength(300)
    await again.close()
  })

  it.each([
    ['a file', 'file', 'is a file or lies below one'],
    ['below a file', 'file/below', 'is a file or lies below one'],
    ['of another program', 'other', 'data.mdb is not a file of LMDB'],
    ['too short to be of LMDB', 'short', 'data.mdb is not a file of LMDB'],
    ['with a folder for data', 'nested', 'EISDIR'],
  ])('cannot be %s', (_, name, cause) => {
    writeFileSync(join(folder, 'file'), '')
    for (const [each, content] of [
      ['other', 'no database '.repeat(1000)],
      ['short', 'x'],
    ] as const) {
      mkdirSync(join(folder, each))
      writeFileSync(join(folder, each, 'data.mdb'), content)
    }
    mkdirSync(join(folder, 'nested', 'data.mdb'), { recursive: true })

    const error = failure(join(folder, name))
    expect(error.code).toBe('config-invalid')
    expect(error.message).toMatch(/^store\.path: .*\b(another)\b/)
    expect(error.message).toContain(join(folder, name))
    expect(error.message).toContain(cause)
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('cannot be nameless', () => {
    expect(failure('').message).toMatch(/^store\.path: is missing/)
    expect(failure(undefined as unknown as string).message).toMatch(/^store\.path: is missing/)
  })

  it.each([
    ['that exists', '.'],
    ['that would have to be made', 'new/store'],
  ])('has to be writable: one %s', (_, name) => {
    chmodSync(folder, 0o500)
    // Root may write anywhere; as anyone else, this process may not.
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65534)
    try {
      const error = failure(join(folder, name))
      expect(error.code).toBe('config-invalid')
      expect(error.message).toMatch(/^store\.path: this process cannot write in .* \(EACCES\)\. Give its user/)
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  })

  it('with an empty data file is a new store', async () => {
    writeFileSync(join(folder, 'data.mdb'), '')
    const store = lmdbStore({ path: folder })
    expect(await store.write([{ put: 'a', value: '1', expiresAt: FAR }])).toBe(true)
    await store.close()
  })
})
