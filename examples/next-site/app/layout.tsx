import { IsthmusProvider } from '@isthmus/client/react'
import type { ReactNode } from 'react'
import { options, verdict } from '../isthmus.ts'
import { SessionBar } from './session-bar.tsx'

export default async function Layout({ children }: { readonly children: ReactNode }) {
  // What crosses into the page is plain data: not the error that a verdict may hold.
  const { status, sid, user, expiresAt } = await verdict()
  return (
    <html lang="en">
      <body>
        <IsthmusProvider session={options} initial={{ status, sid, user, expiresAt }}>
          <SessionBar />
          {children}
        </IsthmusProvider>
      </body>
    </html>
  )
}
