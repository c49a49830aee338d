import { chromium } from 'playwright'

/** Changes to Playwright's command line: `ignore` goes to `ignoreDefaultArgs`, `add` to `args`. */
interface ArgumentChanges {
  readonly ignore: readonly string[]
  readonly add: readonly string[]
}

/** Switches of Playwright that take away what users have: bfcache, and the throttling of hidden tabs. */
const unreal = [
  '--disable-back-forward-cache',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
]
const featuresSwitch = '--disable-features='
const partitioning = 'ThirdPartyStoragePartitioning'
/** Pages of the address bar: each window has them loaded in a process of their own, for half a second of work, and no test opens them. */
const addressBar = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup']

/**
 * The arguments Playwright would start Chromium with.
 *
 * `ignoreDefaultArgs` drops only exact strings, and Playwright exports none of them. So it starts Node in the browser's
 * place: Node refuses the first switch it does not know, and Playwright's error quotes the whole command line.
 */
export async function readDefaultArguments(): Promise<string[]> {
  const report = await chromium.launch({ executablePath: process.execPath, env: {} }).then(
    () => 'Node accepted the command line of a browser',
    (error: unknown) => String(error),
  )
  const commandLine = report.split('\n').find((line) => line.includes('<launching>'))
  const defaults = commandLine?.split(' ').filter((part) => part.startsWith('--')) ?? []
  if (!defaults.some((argument) => argument.startsWith(featuresSwitch))) {
    throw new Error(
      `Playwright's command line for Chromium is not where it was. It reported:\n${report.slice(0, 2000)}`,
    )
  }
  return defaults
}

/** Turns storage partitioning, bfcache and the throttling of hidden tabs back on; every other switch of Playwright's stays. */
export function restoreUserDefaults(defaults: readonly string[]): ArgumentChanges {
  const ignore = defaults.filter((argument) => unreal.includes(argument))
  const add: string[] = []
  for (const argument of defaults) {
    if (!argument.startsWith(featuresSwitch)) continue
    const features = argument.slice(featuresSwitch.length).split(',')
    if (!features.includes(partitioning)) continue
    ignore.push(argument)
    add.push(featuresSwitch + [...features.filter((feature) => feature !== partitioning), ...addressBar].join(','))
  }
  return { ignore, add }
}
