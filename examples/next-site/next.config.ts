import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

const config: NextConfig = {
  // The packages of this repository are linked from its root. A site outside of it needs none of this.
  turbopack: { root: fileURLToPath(new URL('../..', import.meta.url)) },
  // `npm run check` checks the types of all examples at once.
  typescript: { ignoreBuildErrors: true },
}

export default config
