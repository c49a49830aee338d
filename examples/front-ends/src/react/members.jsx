import { useRequireSession, useSession } from '@isthmus/client/react'

/** A page for users who are signed in: others are led to the login page, once. */
export function Members() {
  const user = useRequireSession()?.user
  const { snapshot, session } = useSession()
  if (user) return <output>For {user.name}</output>
  return (
    <main>
      <output>For members: {snapshot.status}</output>
      <button type="button" onClick={() => session.signIn()}>
        Sign in
      </button>
    </main>
  )
}
