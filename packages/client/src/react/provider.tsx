import type { Snapshot } from '@isthmus/protocol'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { inertSession } from '../bindings/inert-session.ts'
import { isSession } from '../bindings/start-session.ts'
import { firstSnapshot, type Verdict } from '../bindings/verdict.ts'
import type { Session, SessionOptions } from '../session.ts'
import { lazySession } from './lazy-session.ts'

interface Provided {
  readonly session: Session
  readonly first: Snapshot
}

const Context = createContext<Provided | null>(null)

const MISSING = 'isthmus: no session here; wrap the app in <IsthmusProvider session={…}>.'
const NESTED = 'isthmus: an <IsthmusProvider> stands inside another one and does nothing; remove it.'

const NOTHING: Provided = { session: inertSession(MISSING), first: firstSnapshot(undefined) }

/** What `<IsthmusProvider>` takes. */
export interface IsthmusProviderProps {
  /**
   * A session (of `createSession`, or of `createFakeSession` in a test), which stays yours to end. Or the options for one:
   * then the provider begins it in the browser, once in StrictMode, too, and ends it when it is unmounted. Options are
   * read once; give the provider another `key` to begin anew.
   */
  readonly session: Session | SessionOptions
  /** What the back end knows of the session: the server renders it, and the page shows it until the hub has answered. */
  readonly initial?: Verdict | undefined
  readonly children?: ReactNode
}

/** Gives the session to every component below it. Belongs around the whole app, once. */
export function IsthmusProvider({ session, ...rest }: IsthmusProviderProps): ReactNode {
  const isNested = useContext(Context) !== null
  useEffect(() => {
    if (isNested) console.error(NESTED)
  }, [isNested])
  if (isNested) return rest.children
  return isSession(session) ? <Provide session={session} {...rest} /> : <Begin options={session} {...rest} />
}

function Begin({ options, ...rest }: Omit<IsthmusProviderProps, 'session'> & { options: SessionOptions }): ReactNode {
  const [session] = useState(() => lazySession(options))
  useEffect(() => session.hold(), [session])
  return <Provide session={session} {...rest} />
}

function Provide({ session, initial, children }: IsthmusProviderProps & { session: Session }): ReactNode {
  const [first] = useState(() => firstSnapshot(initial))
  const provided = useMemo(() => ({ session, first }), [session, first])
  return <Context value={provided}>{children}</Context>
}

/** What the nearest provider gives. Without one: a session that stays unknown, and a sentence in the console. */
export function useProvided(): Provided {
  const provided = useContext(Context)
  const isMissing = provided === null
  useEffect(() => {
    if (isMissing) console.error(MISSING)
  }, [isMissing])
  return provided ?? NOTHING
}
