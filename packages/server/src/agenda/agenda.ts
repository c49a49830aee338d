import type { Store, Write } from '../store/store.ts'

/**
 * What is to be done at a time, in the store: it outlives the process, and every hub server sees it.
 * One key per task: `due/<second, ten digits>/<task>`. Whoever does a task deletes or moves it in the batch that
 * writes the outcome, so that nothing is lost between the two.
 */
const PREFIX = 'due/'
const DIGITS = 10

/** A task on the agenda, and the second it stands at. */
export interface Due {
  readonly task: string
  readonly second: number
}

/** The first whole second that is not before `atMs`. */
export function secondOf(atMs: number): number {
  return Math.ceil(atMs / 1000)
}

/** The step that puts a task on the agenda; `forgetAt`: when what it is about is gone. */
export function putTask({ task, second }: Due, forgetAt: number): Write {
  return { put: keyOf(task, second), value: 'true', expiresAt: forgetAt }
}

/** The step that takes it off again. */
export function dropTask({ task, second }: Due): Write {
  return { delete: keyOf(task, second) }
}

/** The tasks of these seconds, both included, in the order of their time. */
export async function readTasks(store: Pick<Store, 'keys'>, from: number, to: number): Promise<readonly Due[]> {
  const found = await Promise.all(prefixesOf(from, to).map((digits) => store.keys(PREFIX + digits)))
  return found.flat().map((key) => {
    const slash = PREFIX.length + DIGITS
    return { task: key.slice(slash + 1), second: Number(key.slice(PREFIX.length, slash)) }
  })
}

/** The shortest list of prefixes that together match exactly the ten-digit numbers of a range: a store lists by prefix only. */
export function prefixesOf(from: number, to: number): string[] {
  const prefixes: string[] = []
  let next = from
  while (next <= to) {
    let digits = DIGITS
    let size = 1
    while (digits > 1 && next % (size * 10) === 0 && next + size * 10 - 1 <= to) {
      size *= 10
      digits -= 1
    }
    prefixes.push(String(next / size).padStart(digits, '0'))
    next += size
  }
  return prefixes
}

function keyOf(task: string, second: number): string {
  return `${PREFIX}${String(second).padStart(DIGITS, '0')}/${task}`
}
