import { setTimeout as sleep } from 'node:timers/promises'
import { recordedLines } from '../browser/console-recorder.ts'
import { keyActions, type ScopeDriver, type TabDriver } from '../browser/driver.ts'
import type { ConsoleLine } from '../browser/tab.ts'
import { elementKey } from './web-driver.ts'
import { scriptMs, type Windows } from './windows.ts'

const loadMs = 30_000
const pollMs = 10
const lookMs = 1_000

/** Drives one window of WebKit, in a session that waits for no page by itself (`pageLoadStrategy: 'none'`). */
export function createWebKitDriver(windows: Windows, window: string): TabDriver {
  const { session } = windows
  const use = <Result>(commands: () => Promise<Result>): Promise<Result> => windows.use(window, commands)
  const execute = <Result>(timeoutMs: number, script: string, args: unknown[]): Promise<Result> =>
    use(() => session.post('/execute/sync', { script, args }, timeoutMs))
  const run = <Result>(script: string, ...args: unknown[]): Promise<Result> => execute(scriptMs, script, args)
  const scope = createScopeDriver(windows, window)

  /**
   * Starts a navigation and waits until the next document is parsed. The driver's own waiting ends with all frames
   * loaded only, and never for a page that the back-forward cache restores.
   */
  const navigate = async (start: () => Promise<unknown>): Promise<void> => {
    const mark = String(Math.random())
    const before = await run<string>(markDocument, mark)
    await use(start)
    const deadline = Date.now() + loadMs
    // A document that goes away while it is asked does not answer.
    while (!(await execute<boolean>(lookMs, isElsewhere, [mark, before]).catch(() => false))) {
      if (Date.now() > deadline) throw new Error(`No other document within ${loadMs} ms; still at ${before}`)
      await sleep(pollMs)
    }
  }
  return {
    ...scope,
    async goto(url) {
      const sameDocument = new URL(url).hash && (await run('return location.href')) === url
      if (!sameDocument) await navigate(() => session.post('/url', { url }))
      if (url !== 'about:blank' && (await run('return location.href')) === 'about:blank') {
        throw new Error(`${url}: ${await run<string>('return document.body.innerText')}`)
      }
    },
    url: () => use(() => session.get('/url')),
    reload: () => navigate(() => session.post('/refresh')),
    back: () => navigate(() => session.post('/back')),
    hide: () => use(() => session.post('/window/minimize')),
    // Without a window manager, setting its size is what maps a minimized window again.
    show: () => use(() => session.post('/window/rect', { width: 1024, height: 768 })),
    close: () => windows.close(window),
    screenshot: () => use(() => session.get('/screenshot')),
    frame: (urlPrefix) => createScopeDriver(windows, window, urlPrefix),
    async console() {
      const json = await scope.evaluate(`Promise.resolve(JSON.stringify(${recordedLines}))`)
      return JSON.parse(json ?? '[]') as ConsoleLine[]
    },
  }
}

const markDocument = `
  Object.defineProperty(window, Symbol.for('isthmus.testing.mark'), { value: arguments[0], configurable: true })
  return location.href`
const isElsewhere = `
  const [mark, before] = arguments
  const same = window[Symbol.for('isthmus.testing.mark')] === mark && location.href === before
  return !same && document.readyState !== 'loading'`

type Kept = { readonly value?: string; readonly error?: string } | 'waiting' | 'gone'

// A script that waits for a promise would keep all other windows waiting: the promise stays in the page, and is asked.
// The expression stands outside of the function: it sees the page's names, and none of these.
const keep = (expression: string): string => `
  return ((promise) => {
    const key = Symbol.for('isthmus.testing.kept')
    if (!window[key]) Object.defineProperty(window, key, { value: new Map() })
    const kept = window[key], id = String(Math.random())
    kept.set(id, 'waiting')
    promise.then((value) => kept.set(id, { value }), (error) => kept.set(id, { error: String(error) }))
    return id
  })(${expression})`
const ask = `
  const [id] = arguments, kept = window[Symbol.for('isthmus.testing.kept')]
  const outcome = kept?.get(id) ?? 'gone'
  if (outcome !== 'waiting') kept?.delete(id)
  return outcome`

function createScopeDriver(windows: Windows, window: string, urlPrefix?: string): ScopeDriver {
  const { session } = windows
  const use = <Result>(commands: () => Promise<Result>): Promise<Result> => windows.use(window, commands, urlPrefix)
  const run = <Result>(script: string, ...args: unknown[]): Promise<Result> =>
    session.post('/execute/sync', { script, args }, scriptMs)
  return {
    async evaluate(expression) {
      const id = await use(() => run<string>(keep(expression)))
      for (let pauseMs = 0; ; pauseMs = Math.min(pauseMs + 2, pollMs)) {
        const outcome = await use(() => run<Kept>(ask, id))
        if (outcome === 'gone') throw new Error('The document went away before it answered.')
        if (outcome !== 'waiting') {
          if (outcome.error !== undefined) throw new Error(outcome.error)
          return outcome.value ?? undefined
        }
        await sleep(pauseMs)
      }
    },
    click: (element) =>
      use(async () => {
        const found = await run<{ [elementKey]: string }>(`return ${element}`)
        await session.post(`/element/${found[elementKey]}/click`)
      }),
    press: (keys) => use(() => session.post('/actions', { actions: [keyActions(keys)] })),
  }
}
