import { SessionProvider } from '@isthmus/client/react'
import { firstSnapshot } from '@isthmus/site'
import type { ReactNode } from 'react'
import { options, verdict } from '../isthmus.ts'
import { SessionBar } from './session-bar.tsx'

export default async function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <SessionProvider session={options} initial={firstSnapshot(await verdict())}>
          <SessionBar />
          {children}
        </SessionProvider>
      </body>
    </html>
  )
}
