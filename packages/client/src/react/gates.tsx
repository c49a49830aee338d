import type { Snapshot } from '@isthmus/protocol'
import type { ReactNode } from 'react'
import { useSession } from './use-session.ts'

type Of<Status extends Snapshot['status']> = Extract<Snapshot, { status: Status }>
type Granted = Extract<Snapshot, { access: 'granted' }>

/** Children, or a function that makes them of the snapshot. */
type Children<Part extends Snapshot> = ReactNode | ((snapshot: Part) => ReactNode)

function childrenFor<Part extends Snapshot>(children: Children<Part>, snapshot: Part): ReactNode {
  return typeof children === 'function' ? children(snapshot) : children
}

/** What `<SignedIn>` takes. */
export interface SignedInProps {
  readonly children?: Children<Granted>
  /** For a user who is signed in, but whom this site does not admit; default: nothing. */
  readonly denied?: ReactNode
}

/** Shows its children to a signed-in user whom this site admits. Hides, and does not protect: the back end decides. */
export function SignedIn({ children, denied }: SignedInProps): ReactNode {
  const { current } = useSession()
  if (current.status !== 'signed-in') return null
  return current.access === 'granted' ? childrenFor(children, current) : denied
}

/** Shows its children when the hub said that there is no session. */
export function SignedOut({ children }: { readonly children?: Children<Of<'signed-out'>> }): ReactNode {
  const { current } = useSession()
  return current.status === 'signed-out' ? childrenFor(children, current) : null
}

/** Shows its children while the session is unknown: the hub has not answered yet (`loading`), or cannot be asked. */
export function Unknown({ children }: { readonly children?: Children<Of<'unknown'>> }): ReactNode {
  const { current } = useSession()
  return current.status === 'unknown' ? childrenFor(children, current) : null
}
