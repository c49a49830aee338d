import { SignedIn, SignedOut, Unknown, useSession } from '@isthmus/client/react'

export function App() {
  const { snapshot, session } = useSession()
  return (
    <main>
      <output>{snapshot.status}</output>
      <SignedIn denied={<p>This site is not for you.</p>}>{({ user }) => <p>Hello, {user.name}.</p>}</SignedIn>
      <SignedOut>
        <button type="button" onClick={() => session.signIn()}>
          Sign in
        </button>
      </SignedOut>
      <Unknown>One moment.</Unknown>
      {snapshot.status === 'signed-in' && (
        <button type="button" onClick={() => session.signOut()}>
          Sign out
        </button>
      )}
    </main>
  )
}
