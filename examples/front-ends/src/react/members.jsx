import { useRequireSession, useSession } from '@isthmus/client/react'

/** A page for users who are signed in: others are led to the login page, once. */
export function Members() {
  const required = useRequireSession()
  const { current, signIn } = useSession()
  if (required?.access === 'granted') return <output>For {required.user.name}</output>
  if (required) return <output>This site is not for you.</output>
  return (
    <main>
      <output>
        {current.status}: {current.reason}
      </output>
      <button type="button" onClick={() => signIn()}>
        Sign in
      </button>
    </main>
  )
}
