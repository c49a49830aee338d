/** One thing that a simulated browser did or was told, in the order in which it happened. */
export type Entry =
  /** The hub confirmed a sign-in: the cookies are there. */
  | { readonly type: 'signed-in'; readonly browser: string }
  /** A sign-out was asked for: from here on either is true. */
  | { readonly type: 'sign-out-asked'; readonly browser: string }
  /** The hub confirmed it. */
  | { readonly type: 'sign-out-confirmed'; readonly browser: string }
  /** A question was asked after all that stands before `asked` in the history. */
  | {
      readonly type: 'told'
      readonly browser: string
      readonly asked: number
      readonly status: string
      readonly sub: string | undefined
    }

/**
 * What must hold whatever breaks, of a history in which each browser signs in once, as the user of its own name:
 * 1. no question that was asked after a confirmed sign-out is answered "signed-in";
 * 2. no question is answered "signed-out" between the confirmed sign-in and the moment a sign-out was asked for;
 * 3. no answer names another user.
 */
export function findViolations(history: readonly Entry[]): string[] {
  const signedIn = new Set<string>()
  const asked = new Set<string>()
  const confirmed = new Map<string, number>()
  const violations: string[] = []
  for (const [index, entry] of history.entries()) {
    const { browser } = entry
    if (entry.type === 'signed-in') signedIn.add(browser)
    else if (entry.type === 'sign-out-asked') asked.add(browser)
    else if (entry.type === 'sign-out-confirmed') confirmed.set(browser, index)
    else {
      const { status, sub } = entry
      const over = confirmed.get(browser)
      if (status === 'signed-in' && over !== undefined && entry.asked > over) {
        violations.push(`${browser} was signed in again after its confirmed sign-out (entry ${index})`)
      }
      if (status === 'signed-out' && signedIn.has(browser) && !asked.has(browser)) {
        violations.push(`${browser} lost its confirmed session (entry ${index})`)
      }
      if (sub !== undefined && sub !== browser) violations.push(`${browser} was told of ${sub} (entry ${index})`)
    }
  }
  return violations
}
