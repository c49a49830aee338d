import {
  IsthmusProvider,
  SignedIn,
  SignedOut,
  Unknown,
  useRequireSession,
  useSession,
  type Verdict,
} from '@isthmus/client/react'
import type { ReactNode } from 'react'

export function Shop({ initial }: { initial?: Verdict }): ReactNode {
  return (
    <IsthmusProvider session={{ hub: 'https://auth.example.com' }} initial={initial}>
      <Menu />
    </IsthmusProvider>
  )
}

export function Menu(): ReactNode {
  const { signIn, signOut } = useSession()
  const signInButton = (
    <button type="button" onClick={() => signIn()}>
      Sign in
    </button>
  )
  return (
    <nav>
      <SignedIn denied="This shop is not for you.">
        {({ user }) => (
          <button type="button" onClick={() => signOut()}>
            Sign out, {String(user.name)}
          </button>
        )}
      </SignedIn>
      <SignedOut>{signInButton}</SignedOut>
      <Unknown>{({ reason }) => reason === 'partitioned' && signInButton}</Unknown>
    </nav>
  )
}

export function Orders(): ReactNode {
  const session = useRequireSession()
  if (!session) return <p>One moment …</p>
  return <p>Orders of {session.user.sub}</p>
}
