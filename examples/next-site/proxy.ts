import { type NextRequest, NextResponse } from 'next/server'
import { verifier } from './isthmus.ts'

/** Members' pages are for users who are signed in; for all others the home page says what to do. */
export async function proxy(request: NextRequest): Promise<NextResponse> {
  const { user } = await verifier().verify(request)
  return user ? NextResponse.next() : NextResponse.redirect(new URL('/?sign-in', request.url))
}

export const config = { matcher: '/members' }
