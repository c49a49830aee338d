import { verdict } from '../../isthmus.ts'
import { LeaveWhenSignedOut } from './leave-when-signed-out.tsx'

export default async function Members() {
  const { user } = await verdict()
  return (
    <main>
      <h1>For {String(user?.name)}</h1>
      <LeaveWhenSignedOut />
    </main>
  )
}
