import { engineVersions, isDocumented } from './versions.ts'

/** The workers of a run inherit its decision; they must know the same projects. */
const DECISION = 'ISTHMUS_FACTS_DUE'

/**
 * Whether the specs of this folder run. They state facts about the engines, which change with the engines only: so they
 * run in continuous integration, where they are asked for by name, and where an engine is another one than
 * docs/browsers.md was written on.
 */
export function areFactsDue(): boolean {
  process.env[DECISION] ??= reasonOfFacts() ?? ''
  return process.env[DECISION] !== ''
}

/** Why they run, for people; `undefined` if they do not. */
export function reasonOfFacts(): string | undefined {
  if (process.env[DECISION] !== undefined) return process.env[DECISION] || undefined
  if (process.argv.slice(2).some((argument) => argument.includes('engines'))) return 'they were asked for'
  if (process.env.CI === 'true') return 'CI is true'
  const other = engineVersions().filter((engine) => !isDocumented(engine))
  if (other.length === 0) return undefined
  const sayings = other.map(
    ({ name, documented, installed }) =>
      `${name} is ${installed ?? 'of an unknown version'} and docs/browsers.md names ${documented ?? 'none'}`,
  )
  return sayings.join('; ')
}
