/** One thing that is wrong in a configuration, and where. */
export interface Fault {
  /** As the file writes it: `sites[0].origins[1]`. */
  readonly key: string
  /** What is wrong, and the cure. */
  readonly message: string
  readonly file: string
  /** Counted from 1; absent where the file is a program and the key stands in it more than once. */
  readonly line?: number | undefined
}

/** A configuration that cannot be served. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(faults.map(describeFault).join('\n'))
    this.faults = faults
  }
}

function describeFault({ key, message, file, line }: Fault): string {
  return `${file}${line === undefined ? '' : `:${line}`}: ${key ? `${key} ` : ''}${message}.`
}
