import type { ReactNode } from 'react'
import { options, verdict } from '../isthmus.ts'
import { SessionBar } from './session-bar.tsx'
import { SessionProvider } from './session-provider.tsx'

export default async function Layout({ children }: { readonly children: ReactNode }) {
  // What crosses into the page is plain data: not the error that a verdict may hold.
  const { status, sid, user, expiresAt } = await verdict()
  return (
    <html lang="en">
      <body>
        <SessionProvider options={options} initial={{ status, sid, user, expiresAt }}>
          <SessionBar />
          {children}
        </SessionProvider>
      </body>
    </html>
  )
}
