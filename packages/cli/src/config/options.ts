import * as z from 'zod'

/** A text that is not empty. */
export const text: z.ZodString = z.string({ error: 'needs a text' }).min(1, { error: 'must not be empty' })

/** An object that has these keys and no other: names the one that is none, and those that there are. */
export function only<Shape extends z.core.$ZodShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(', ')
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `is no option; there are ${known}` : `needs { ${known} }`),
  })
}
