/**
 * A schema as plain data, small enough to ship: what {@link compileSchema} writes at build time
 * and {@link readAs} interprets in the browser.
 */
export type Table =
  /** Anything. */
  | 0
  /** One of these primitive values. */
  | readonly ['l', ...(string | number | boolean | null)[]]
  /** A string: shortest, longest, pattern. */
  | readonly ['s', number, number, string?]
  /** An integer: lowest, highest. */
  | readonly ['i', number, number]
  /** An object: its keys (optional ones end in `?`), and the table of all further keys; without it they are dropped. */
  | readonly ['o', Readonly<Record<string, Table>>, Table?]
  /** The first of these that fits. */
  | readonly ['u', ...Table[]]
