import { readFileSync } from 'node:fs'
import fc from 'fast-check'

// `npm run fuzz -- --seconds 60` divides its time among all targets; in the unit tests each takes moments.
const budgetMs = Number(process.env.ISTHMUS_FUZZ_TARGET_MS ?? 0)

/** Inputs that were once worth a look, by target: they are tried first, every time. */
export type Corpus = Readonly<Record<string, readonly unknown[]>>

export function readCorpus(url: URL): Corpus {
  return JSON.parse(readFileSync(url, 'utf8')) as Corpus
}

/**
 * Tries a property on a corpus, then on what fast-check makes. A failure prints the smallest input that it found: put it
 * into the corpus.
 */
export async function fuzz<Input>(
  inputs: fc.Arbitrary<Input>,
  corpus: readonly unknown[] | undefined,
  property: (input: Input) => void | Promise<void>,
): Promise<void> {
  const examples = (corpus ?? []).map((input) => [input as Input] as [Input])
  const length =
    budgetMs > 0
      ? { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: budgetMs, markInterruptAsFailure: false }
      : { numRuns: 300 + examples.length, interruptAfterTimeLimit: 5000 }
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => property(input)),
    { ...length, examples },
  )
}

/** Time for a target, in a test with a limit of its own. */
export const FUZZ_TIMEOUT_MS: number = 2 * budgetMs + 30_000

const SEEDS = [
  ...[
    'https://shop.example',
    'http://localhost:8080/a?b#c',
    '//',
    '\\\\',
    '@',
    ':443',
    '%2e%2e',
    '%00',
    '\u0000',
    '\r\n',
    '\t',
  ],
  ...[
    'null',
    'undefined',
    '__proto__',
    'constructor',
    '#isthmus=',
    'link:',
    '=',
    ';',
    ',',
    '"',
    '<',
    '\u2028',
    '\ud800',
    'ß',
    '。',
  ],
  ...[
    'xn--',
    '[::1]',
    '127.1',
    '0x7f',
    '1e9',
    '-1',
    'NaN',
    'eyJhbGciOiJub25lIn0',
    '.',
    '..',
    'javascript:',
    'data:,',
    'blob:',
  ],
]

/** Text that parsers are split by: pieces of addresses, headers and tokens, cut and put together anew. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(fc.constantFrom(...SEEDS), fc.string({ unit: 'binary', maxLength: 8 }), fc.string({ maxLength: 12 })),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''))

/** A text of this form with a few places changed. */
export function mutationsOf(texts: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.tuple(
    fc.nat(200),
    fc.nat(4),
    fc.oneof(fc.constantFrom(...SEEDS), fc.string({ unit: 'binary', maxLength: 3 })),
  )
  return fc.tuple(fc.constantFrom(...texts), fc.array(edit, { maxLength: 4 })).map(([text, edits]) =>
    edits.reduce((before, [place, cut, put]) => {
      const at = place % (before.length + 1)
      return before.slice(0, at) + put + before.slice(at + cut)
    }, text),
  )
}
