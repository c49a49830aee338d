import { readFile } from 'node:fs/promises'
import { IsthmusError } from '@isthmus/protocol'
import { contentHash } from './content-hash.ts'

/** What Vite built for the browser, read once. */
export interface Assets {
  /** The hub document around the place of its data: before, after. */
  readonly hub: readonly [string, string]
  /** The text of the hub document's one inline script; its hash goes into the CSP. */
  readonly hubScript: string
  /** The same of its one style. */
  readonly hubStyle: string
  readonly worker: string
  readonly workerHash: string
  readonly client: string
  readonly clientHash: string
}

/** Where the hub document takes the inlined state. */
const DATA_PLACE = '<!--isthmus:data-->'

export async function readAssets(): Promise<Assets> {
  const [document, worker, client] = await Promise.all(['hub.html', 'worker.js', 'client.js'].map(readAsset))
  const parts = (document as string).split(DATA_PLACE)
  const script = /<script>([\s\S]*?)<\/script>/.exec(document as string)?.[1]
  const style = /<style>([\s\S]*?)<\/style>/.exec(document as string)?.[1]
  if (parts.length !== 2 || !script || !style)
    throw new IsthmusError('internal', 'The built hub page has not its expected form.')
  return {
    hub: parts as [string, string],
    hubScript: script,
    hubStyle: style,
    worker: worker as string,
    workerHash: contentHash(worker as string),
    client: client as string,
    clientHash: contentHash(client as string),
  }
}

async function readAsset(name: string): Promise<string> {
  const url = new URL(`../../assets/${name}`, import.meta.url)
  try {
    return await readFile(url, 'utf8')
  } catch (cause) {
    const sentence = `The browser part is missing at ${url.pathname}. Where @isthmus/server was bundled into one file, leave it out of the bundle (external): it reads files beside itself. In its own repository, run the build.`
    throw new IsthmusError('internal', sentence, { cause })
  }
}
