import { SignedIn, SignedOut, Unknown } from '@isthmus/client/react'
import Link from 'next/link'

export default function Page() {
  return (
    <main>
      <SignedIn denied={<p>This site is not for you.</p>}>
        <p>Welcome back.</p>
      </SignedIn>
      <SignedOut>
        <p>Sign in to see more.</p>
      </SignedOut>
      <Unknown>
        <p>Sign in, if you are a member.</p>
      </Unknown>
      <Link href="/members" prefetch={false}>
        Members
      </Link>
    </main>
  )
}
