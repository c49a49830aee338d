import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it, onTestFinished } from 'vitest'
import { FUZZ_TIMEOUT_MS, fuzz, hostileText, mutationsOf, readCorpus } from '../../protocol/src/fuzz.test-kit.ts'
import { ConfigError } from './config/faults.ts'
import { loadConfig } from './config/load-config.ts'

const corpus = readCorpus(new URL('fuzz.test-corpus.json', import.meta.url))
const GOOD = `origin: https://auth.example.com
store: ./data
login: { assertion: { key: a shared key of thirty-two bytes! } }
sites:
  - { id: shop, origins: [https://shop.example], claims: [name] }
`

it('a configuration file is taken, or its faults are told', { timeout: FUZZ_TIMEOUT_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-fuzz-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'isthmus.config.yaml')
  const inputs = fc.oneof({ weight: 4, arbitrary: mutationsOf([GOOD]) }, { weight: 1, arbitrary: hostileText })
  await fuzz(inputs, corpus.files, async (text) => {
    await writeFile(file, text)
    const error = await loadConfig(file).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error !== undefined) expect(error).toBeInstanceOf(ConfigError)
  })
})
