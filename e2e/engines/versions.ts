import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { findChromium, findFirefox } from '@isthmus/testing'

const DOCUMENT = new URL('../../docs/browsers.md', import.meta.url)

/** An engine whose facts docs/browsers.md states: the version that it names, and the one on this machine. */
export interface EngineVersion {
  readonly name: string
  /** As exact as the document is: `156`. */
  readonly documented: string | undefined
  /** In full: `156.0.8078.79`; `undefined` where it is not installed, or does not tell. */
  readonly installed: string | undefined
}

/** The engines' versions, documented and installed. */
export function engineVersions(): readonly EngineVersion[] {
  const document = readFileSync(DOCUMENT, 'utf8')
  const versions: Record<string, string | undefined> = {
    Chromium: versionSaidBy(findChromium(), '--version'),
    Firefox: versionSaidBy(findFirefox(), '--version'),
    // The library's package: MiniBrowser tells its version to a display only, and the driver not at all.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query fills it in.
    WebKitGTK: versionSaidBy('dpkg-query', '--show', '--showformat=${Version}', 'libwebkit2gtk-4.1-0'),
  }
  return Object.entries(versions).map(([name, installed]) => ({
    name,
    documented: new RegExp(`^Measured on .*\\b${name} ([\\d.]*\\d)`, 'm').exec(document)?.[1],
    installed,
  }))
}

/** Whether the document speaks of this version: its `156` is any 156. */
export function isDocumented({ documented, installed }: EngineVersion): boolean {
  return documented !== undefined && `${installed}.`.startsWith(`${documented}.`)
}

function versionSaidBy(command: string | undefined, ...parameters: string[]): string | undefined {
  if (command === undefined) return undefined
  const { stdout } = spawnSync(command, parameters, { encoding: 'utf8' })
  return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0]
}
