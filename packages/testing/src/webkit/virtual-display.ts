import { type GuardedProcess, startGuarded } from '../browser/guarded-process.ts'

/** An X server without a screen. */
export interface VirtualDisplay {
  /** For the environment variable `DISPLAY`. */
  readonly name: string
  readonly process: GuardedProcess
}

const settings = '-displayfd 3 -screen 0 1280x1024x24 -nolisten tcp -noreset'

/** Starts one. Xvfb itself picks a number that is free, and says which: nobody can come between. */
export async function startVirtualDisplay(xvfb: string): Promise<VirtualDisplay> {
  const process = startGuarded(xvfb, settings.split(' '))
  let number: string | undefined
  process.pipe.once('data', (data) => {
    number = String(data).trim()
  })
  await process
    .ready(() => number)
    .catch(async (error: unknown) => {
      await process.stop()
      throw error
    })
  return { name: `:${number}`, process }
}
