import type { DiagnosisPart } from './diagnosis/diagnosis-part.ts'
import type { Part } from './part.ts'

/** How the parts are loaded that not every page needs for its first answer. */
export interface Parts {
  /** Soon after the first answer, on every page. */
  readonly page: () => Promise<Part>
  /** Where a page may leave for the hub, or came from there. */
  readonly travel: () => Promise<Part>
  /** Where the session is unknown. */
  readonly diagnosis: () => Promise<DiagnosisPart>
}
