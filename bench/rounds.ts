/**
 * Measures every contender once a round, round after round: what disturbs the machine disturbs all of them, and a
 * ratio within one round is worth more than the figures it is made of.
 */
export async function inRounds<Contender extends { readonly name: string }, Result>(
  contenders: readonly Contender[],
  rounds: number,
  measure: (contender: Contender) => Promise<Result>,
): Promise<ReadonlyMap<string, readonly Result[]>> {
  const results = new Map<string, Result[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, so that none is always measured after the same neighbour.
    for (const index of contenders.keys()) {
      const contender = contenders[(index + round) % contenders.length] as Contender
      results.get(contender.name)?.push(await measure(contender))
    }
  }
  return results
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** The middle, and the extremes: `1,234 (1,100–1,300)`. */
export function withSpread(values: readonly number[], digits = 0): string {
  const text = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`
}

/** Round by round the one over the other. */
export function ratios(of: readonly number[], to: readonly number[]): number[] {
  return of.map((value, round) => value / (to[round] as number))
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
