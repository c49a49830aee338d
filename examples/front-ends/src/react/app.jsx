import { SignedIn, SignedOut, Unknown, useSession } from '@isthmus/client/react'

export function App() {
  const { current, signIn, signOut } = useSession()
  return (
    <main>
      <output>{current.status}</output>
      <SignedIn denied={<p>This site is not for you.</p>}>{({ user }) => <p>Hello, {user.name}.</p>}</SignedIn>
      <SignedOut>
        <button type="button" onClick={() => signIn()}>
          Sign in
        </button>
      </SignedOut>
      <Unknown>One moment.</Unknown>
      {current.status === 'signed-in' && (
        <button type="button" onClick={() => signOut()}>
          Sign out
        </button>
      )}
    </main>
  )
}
