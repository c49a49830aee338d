/**
 * A schema as plain data, small enough to ship: what {@link compileSchema} makes at build time
 * and {@link readAs} interprets in the browser.
 */
export type Table =
  /** Anything. */
  | undefined
  /** This value. */
  | Literal
  /** A string that matches. */
  | RegExp
  /** A safe integer, this or higher. */
  | bigint
  /** The first of these that fits. */
  | readonly Table[]
  /** An object: its keys, optional ones with a `?` behind; `?` alone stands for all further keys, which are dropped without it. */
  | { readonly [key: string]: Table }

export type Literal = string | number | boolean | null
