'use client'

import { useSession } from '@isthmus/client/react'
import { useRouter } from 'next/navigation'
import { useEffect } from 'react'

/** What the server drew for a user goes when that user is signed out, on whichever site. */
export function LeaveWhenSignedOut() {
  const { status } = useSession().current
  const router = useRouter()
  useEffect(() => {
    if (status === 'signed-out') router.replace('/')
  }, [status, router])
  return null
}
