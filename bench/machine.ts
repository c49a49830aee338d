import { cpus, loadavg, totalmem } from 'node:os'

/** Where the figures come from, in one line: without it they mean nothing. */
export function describeMachine(): string {
  const [cpu] = cpus()
  const memory = (totalmem() / 2 ** 30).toFixed(0)
  const load = loadavg()[0]?.toFixed(1)
  return `${cpus().length} × ${cpu?.model ?? 'CPU'}, ${memory} GiB, Node ${process.versions.node}, ${process.platform}; load at the start ${load}`
}
