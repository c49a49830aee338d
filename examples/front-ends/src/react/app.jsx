import { SignedIn, useSession } from '@isthmus/client/react'

export function App() {
  const { current, signIn, signOut } = useSession()
  return (
    <main>
      <output>{current.status}</output>
      <SignedIn denied={<p>This site is not for you.</p>}>{({ user }) => <p>Hello, {user.name}.</p>}</SignedIn>
      {current.reason === 'loading' && 'One moment.'}
      {/* A browser that keeps sites apart cannot tell before its user has signed in: then the session is unknown. */}
      {current.status !== 'signed-in' && current.reason !== 'loading' && (
        <button type="button" onClick={() => signIn()}>
          Sign in
        </button>
      )}
      {current.status === 'signed-in' && (
        <button type="button" onClick={() => signOut()}>
          Sign out
        </button>
      )}
    </main>
  )
}
