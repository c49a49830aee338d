'use client'

import { useSession } from '@isthmus/client/react'

export function SessionBar() {
  const { snapshot, session } = useSession()
  return (
    <header>
      <output>{snapshot.status}</output>
      {snapshot.status === 'signed-in' ? (
        <button type="button" onClick={() => session.signOut()}>
          Sign out
        </button>
      ) : (
        <button type="button" onClick={() => session.signIn()}>
          Sign in
        </button>
      )}
    </header>
  )
}
