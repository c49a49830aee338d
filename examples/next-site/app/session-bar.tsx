'use client'

import { useSession } from '@isthmus/client/react'

export function SessionBar() {
  const { current, signIn, signOut } = useSession()
  // The server's page has no handlers yet: it offers nothing that would not work.
  const isLoading = current.status === 'unknown' && current.reason === 'loading'
  return (
    <header>
      <output>{current.status}</output>
      {current.status === 'signed-in' && (
        <button type="button" onClick={() => signOut()}>
          Sign out
        </button>
      )}
      {current.status !== 'signed-in' && !isLoading && (
        <button type="button" onClick={() => signIn()}>
          Sign in
        </button>
      )}
    </header>
  )
}
