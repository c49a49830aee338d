import { ERRORS, type ErrorCode, IsthmusError } from '@isthmus/protocol'

/** An error with the sentence of its code, or a closer one: it is read in the logs of a site's own server. */
export function refusal(code: ErrorCode, sentence: string = ERRORS[code].sentence, cause?: unknown): IsthmusError {
  return new IsthmusError(code, sentence, cause === undefined ? undefined : { cause })
}
