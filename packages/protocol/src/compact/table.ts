/**
 * A schema as plain data, small enough to ship: what {@link compileSchema} makes at build time
 * and {@link readAs} interprets in the browser.
 */
export type Table =
  /** Anything. */
  | 0
  /** One of these primitive values. */
  | readonly ['l', ...Literal[]]
  /** A string that matches these patterns (with the flag `u`). */
  | readonly ['s', ...string[]]
  /** A safe integer: lowest, highest. */
  | readonly ['i', number?, number?]
  /** An object: its keys (optional ones end in `?`), and the table of all further keys; without it they are dropped. */
  | readonly ['o', Readonly<Record<string, Table>>, Table?]
  /** The first of these that fits. */
  | readonly ['u', ...Table[]]

export type Literal = string | number | boolean | null
