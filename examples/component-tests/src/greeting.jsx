import { SignedIn, useSession } from '@isthmus/client/react'

export function Greeting() {
  const { session } = useSession()
  return (
    <SignedIn>
      {({ user }) => (
        <button type="button" onClick={() => session.signOut()}>
          Goodbye, {user.name}
        </button>
      )}
    </SignedIn>
  )
}
