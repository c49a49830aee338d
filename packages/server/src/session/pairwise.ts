import { createHmac } from 'node:crypto'
import { IsthmusError } from '@isthmus/protocol'
import type { Site } from '../config/site.ts'

/** The name by which one site knows a user. */
export type NameSubject = (site: Pick<Site, 'id' | 'subject'>, sub: string) => string

/**
 * Pairwise subject identifiers (OIDC Core 1.0 §8.1): by the secret, the same for one user and one site at all times, and
 * no two sites can tell from theirs whether they mean the same user. The sector is the site.
 *
 * @throws IsthmusError `config-invalid` when a pairwise site is named for and there is no secret
 */
export function createSubjectNames(secret: string | undefined): NameSubject {
  return ({ id, subject }, sub) => {
    if (subject !== 'pairwise') return sub
    if (secret === undefined) {
      const words = `sites: "${id}" has the subject "pairwise": that needs the option pairwiseSecret`
      throw new IsthmusError('config-invalid', `createHub: ${words}.`)
    }
    // The id of a site holds no space.
    return createHmac('sha256', secret).update(`${id} ${sub}`).digest('base64url')
  }
}
