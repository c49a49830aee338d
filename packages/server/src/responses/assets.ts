import { readdir, readFile } from 'node:fs/promises'
import { ENDPOINTS, IsthmusError } from '@isthmus/protocol'
import { compressFile, type Encoded } from './compression.ts'
import { contentHash } from './content-hash.ts'

/** What Vite built for the browser, read and compressed once. */
export interface Assets {
  /** The inline script of the hub document; its hash goes into the CSP. */
  readonly greeter: string
  /** Where the hub document finds its other script. */
  readonly hubScript: string
  readonly client: Encoded
  readonly clientHash: string
  /** The file of this name, and whether it is this very one: a page that was opened before an update asks for an older one. */
  find(name: string): { readonly file: Encoded; readonly exact: boolean } | undefined
}

const DIRECTORY = new URL('../../assets/', import.meta.url)
const HASHED = 'immutable/'

/** The name of a file without its hash. */
function stemOf(name: string): string {
  return name.replace(/-[\w-]{8}\.js$/, '')
}

export async function readAssets(): Promise<Assets> {
  const names = await readdir(new URL(HASHED, DIRECTORY)).catch(missing(HASHED))
  const [greeter, client, ...texts] = await Promise.all(
    ['greeter.js', 'client.js', ...names.map((name) => HASHED + name)].map(readAsset),
  )
  const files = await Promise.all(texts.map(compressOnce))
  const byName = new Map(names.map((name, index) => [name, files[index] as Encoded]))
  const byStem = new Map(names.map((name, index) => [stemOf(name), files[index] as Encoded]))
  const hub = names.find((name) => stemOf(name) === 'hub')
  if (hub === undefined || /<\/script|<!--/i.test(greeter as string)) {
    throw new IsthmusError('internal', 'The built hub page has not its expected form.')
  }
  return {
    greeter: (greeter as string).trim(),
    hubScript: ENDPOINTS.assets.path.replace(':file', hub),
    client: await compressOnce(client as string),
    clientHash: contentHash(client as string),
    find(name) {
      const file = byName.get(name)
      const other = file ?? byStem.get(stemOf(name))
      return other && { file: other, exact: file !== undefined }
    },
  }
}

/** Several hubs of one process serve the same files. */
const compressed = new Map<string, Promise<Encoded>>()

function compressOnce(text: string): Promise<Encoded> {
  const file = compressed.get(text) ?? compressFile(text)
  compressed.set(text, file)
  return file
}

async function readAsset(name: string): Promise<string> {
  return readFile(new URL(name, DIRECTORY), 'utf8').catch(missing(name))
}

function missing(name: string): (cause: unknown) => never {
  return (cause) => {
    const { pathname } = new URL(name, DIRECTORY)
    const sentence = `The browser part is missing at ${pathname}. Where @isthmus/server was bundled into one file, leave it out of the bundle (external): it reads files beside itself. In its own repository, run the build.`
    throw new IsthmusError('internal', sentence, { cause })
  }
}
