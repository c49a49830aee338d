import type { ERRORS } from './error-facts.ts'

/** Every way in which Isthmus fails. Codes are public API: they are added, never renamed. What each means: {@link ERRORS}. */
export type ErrorCode = keyof typeof ERRORS

/** The one error that Isthmus throws. Branch on `code`; `cause` holds what was underneath. */
export class IsthmusError extends Error {
  override readonly name = 'IsthmusError'
  readonly code: ErrorCode

  /** `message` defaults to the code, which says all that may cross an origin. */
  constructor(code: ErrorCode, message: string = code, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
