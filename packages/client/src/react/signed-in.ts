import type { ReactNode } from 'react'
import { type Granted, granted, type SignedOutSnapshot, type UnknownSnapshot } from '../bindings/signed-in.ts'
import { useSession } from './use-session.ts'

/** What is shown in one state: nodes, or a function of what is known. */
export interface InState<Known> {
  readonly children?: ReactNode | ((known: Known) => ReactNode)
}

/** What {@link SignedIn} takes. */
export interface SignedInProps extends InState<Granted> {
  /** Shown instead to users whom this site's groups do not admit. */
  readonly denied?: ReactNode
}

/** Shown to a user whom this site admits. */
export function SignedIn({ children, denied }: SignedInProps): ReactNode {
  const { snapshot } = useSession()
  const user = granted(snapshot)
  if (user) return fill(children, user)
  return snapshot.status === 'signed-in' ? denied : null
}

/** Shown while the hub says that nobody is signed in. */
export function SignedOut({ children }: InState<SignedOutSnapshot>): ReactNode {
  const { snapshot } = useSession()
  return snapshot.status === 'signed-out' ? fill(children, snapshot) : null
}

/** Shown while nothing definite is known: at first, and where the hub cannot be asked. */
export function Unknown({ children }: InState<UnknownSnapshot>): ReactNode {
  const { snapshot } = useSession()
  return snapshot.status === 'unknown' ? fill(children, snapshot) : null
}

function fill<Known>(children: InState<Known>['children'], known: Known): ReactNode {
  return typeof children === 'function' ? children(known) : children
}
