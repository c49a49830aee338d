'use client'

import { useSession } from '@isthmus/client/react'

export function SessionBar() {
  const { current, signIn, signOut } = useSession()
  return (
    <header>
      <output>{current.status}</output>
      {current.status === 'signed-in' ? (
        <button type="button" onClick={() => signOut()}>
          Sign out
        </button>
      ) : (
        <button type="button" onClick={() => signIn()}>
          Sign in
        </button>
      )}
    </header>
  )
}
