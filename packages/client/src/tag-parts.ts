import { diagnosis, features, page, travel } from 'virtual:isthmus/parts'
import type { DiagnosisPart } from './diagnosis/diagnosis-part.ts'
import type { Part } from './part.ts'
import type { Parts } from './parts.ts'

/** The parts that the hub serves beside the script. */
export interface TagParts extends Parts {
  /** For tags that ask for one of them: the mirror at an endpoint, and the transport without a frame. */
  readonly features: () => Promise<typeof import('./features.ts')>
  /** What is wrong with the attributes of the tag. */
  readonly faults: () => Promise<typeof import('./tag-diagnosis.ts').faultsOf>
}

/** `from` is the script's own address. */
export function partsFrom(from: string): TagParts {
  const load = async (address: string): Promise<unknown> => import(/* @vite-ignore */ new URL(address, from).href)
  const partAt = async <P extends Part>(address: string): Promise<P> => ((await load(address)) as { part: P }).part
  return {
    page() {
      // Fetched while the hub is there: it is needed where the hub is not.
      load(diagnosis).catch(() => undefined)
      return partAt(page)
    },
    travel: () => partAt(travel),
    diagnosis: () => partAt<DiagnosisPart>(diagnosis),
    faults: async () => ((await load(diagnosis)) as typeof import('./tag-diagnosis.ts')).faultsOf,
    features: () => load(features) as ReturnType<TagParts['features']>,
  }
}
