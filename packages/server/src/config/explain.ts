import * as z from 'zod'

/** An object with these options and no others; a misspelt one is answered with those there are. */
export function onlyOptions<Shape extends z.core.$ZodShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `is no option; there are ${known}` : undefined),
  })
}

/** The sentence where the schema has none of its own. */
export const defaultSentence: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      const needed = nounOf(issue.expected)
      return issue.input === undefined
        ? `is missing; it needs ${needed}`
        : `needs ${needed}, not ${nameOf(issue.input)}`
    }
    case 'too_small':
      if (issue.origin === 'string') return 'must not be empty'
      return issue.origin === 'array' ? 'needs at least one entry' : `needs a number above ${issue.minimum}`
    default:
      return undefined
  }
}

/** One clause per fault: the key as the program writes it, what is wrong there, and the cure. */
export function explain(error: z.ZodError, root: readonly PropertyKey[]): string {
  return error.issues
    .flatMap((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [[]]
      return keys.map((key) => `${z.core.toDotPath([...root, ...issue.path, ...key])} ${issue.message}`.trim())
    })
    .join('; ')
}

function nameOf(value: unknown): string {
  if (value === null || typeof value === 'number') return String(value)
  return nounOf(Array.isArray(value) ? 'array' : typeof value)
}

function nounOf(type: string): string {
  if (type === 'array') return 'a list'
  if (type === 'int') return 'a whole number'
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`
}
