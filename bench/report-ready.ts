import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Ready, Usage } from './server-process.ts'

/** The server's side of a `ServerProcess`: tells where it listens, and does what it is told. */
export function reportReady(
  ready: Ready,
  { orders = {}, close }: { orders?: Readonly<Record<string, () => Promise<unknown>>>; close: () => Promise<void> },
): void {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  process.on('message', async (order: string) => {
    if (order === 'close') {
      await close()
      process.exit(0)
    }
    if (order !== 'usage') return void process.send?.((await orders[order]?.()) ?? null)
    const { user, system } = process.cpuUsage()
    globalThis.gc?.()
    const usage: Usage = { cpuUs: user + system, rssBytes: process.memoryUsage().rss, stallMs: delay.max / 1e6 }
    delay.reset()
    process.send?.(usage)
  })
  process.send?.(ready)
}
