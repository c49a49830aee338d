import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transformWithOxc } from 'vite'
import { expect, test } from 'vitest'
import { startGuarded } from './guarded-process.ts'

/** How many processes were started with this in their environment and still run. */
function countRunning(mark: string): number {
  const isMarked = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(mark)
    } catch {
      return false
    }
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isMarked(name)).length
}

// A program whose children outlive it unless somebody ends them.
const program = ['/bin/sh', ['-c', 'sleep 1000 & (sleep 1000 & sleep 1000) & echo started >&3; sleep 1000']] as const

test('stopping ends the program and all that it started', async () => {
  const MARK = randomUUID()
  const guarded = startGuarded(...program, { ...process.env, MARK })
  await once(guarded.pipe, 'data')
  expect(countRunning(MARK)).toBeGreaterThan(3)
  await guarded.stop()
  await expect.poll(() => countRunning(MARK)).toBe(0)
  await guarded.stop()
})

test('a program that ignores being told is ended all the same', async () => {
  const MARK = randomUUID()
  const stubborn = "trap '' TERM; echo started >&3; while :; do sleep 1; done"
  const guarded = startGuarded('/bin/sh', ['-c', stubborn], { ...process.env, MARK })
  await once(guarded.pipe, 'data')
  await guarded.stop(0)
  await expect.poll(() => countRunning(MARK)).toBe(0)
})

test('a program that ends by itself is noticed, with its last words', async () => {
  const MARK = randomUUID()
  const guarded = startGuarded('/bin/sh', ['-c', 'echo no display >&2; exit 1'], { ...process.env, MARK })
  await guarded.ended
  expect(guarded.said()).toContain('no display')
  await expect(guarded.ready(() => undefined)).rejects.toThrow(/does not start. It says: no display/)
  await expect.poll(() => countRunning(MARK)).toBe(0)
  await guarded.stop()
})

test('when its owner is killed, the program goes too', async () => {
  const MARK = randomUUID()
  const file = fileURLToPath(new URL('./guarded-process.ts', import.meta.url))
  const { code } = await transformWithOxc(await readFile(file, 'utf8'), file)
  const owner = `${code}\nstartGuarded(...${JSON.stringify(program)}).pipe.on('data', () => console.log('started'))`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', owner], {
    env: { ...process.env, MARK },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  expect(countRunning(MARK)).toBeGreaterThan(4)
  child.kill('SIGKILL')
  await expect.poll(() => countRunning(MARK)).toBe(0)
})
