import { setTimeout as sleep } from 'node:timers/promises'
import { keyActions, type ScopeDriver, type TabDriver } from '../browser/driver.ts'
import type { ConsoleLine } from '../browser/tab.ts'
import type { Bidi } from './bidi.ts'

interface Context {
  readonly context: string
  readonly url: string
  readonly children: readonly Context[] | null
}

interface RemoteValue {
  readonly type: string
  readonly value?: string
  readonly sharedId?: string
}

type Evaluated =
  | { readonly type: 'success'; readonly result: RemoteValue }
  | { readonly type: 'exception'; readonly exceptionDetails: { readonly text: string } }

const settleMs = 2_000
const loadMs = 30_000

/** Drives one window of Firefox, whose only tab is `tab`. */
export function createFirefoxDriver(bidi: Bidi, tab: string, lines: () => readonly ConsoleLine[]): TabDriver {
  const scope = createScopeDriver(bidi, async () => tab)
  const tree = async (): Promise<Context> => {
    const { contexts } = await bidi.send<{ contexts: Context[] }>('browsingContext.getTree', { root: tab })
    const [root] = contexts
    if (!root) throw new Error('The tab is closed.')
    return root
  }
  // The page that tells of a failure comes a moment after the failure; its load would be taken for the next navigation's.
  const untilErrorPage = (): Promise<void> =>
    until("document.documentURI.startsWith('about:neterror') && document.readyState === 'complete'", settleMs)
  const untilParsed = (): Promise<void> => until("document.readyState !== 'loading'", loadMs)
  const until = async (condition: string, timeoutMs: number): Promise<void> => {
    const deadline = Date.now() + timeoutMs
    const isSo = `String(${condition})`
    while (Date.now() < deadline && (await scope.evaluate(isSo).catch(() => 'false')) !== 'true') await sleep(10)
  }
  let front: string | undefined
  return {
    ...scope,
    async goto(url) {
      const navigation = bidi.send('browsingContext.navigate', { context: tab, url, wait: 'interactive' })
      await navigation.catch(async (error: unknown) => {
        // A page may send the tab elsewhere while it loads: then there is a document too.
        if (String(error).includes('NS_BINDING_ABORTED')) return
        if (isOfFrame(error)) return untilParsed()
        await untilErrorPage()
        throw error
      })
    },
    async url() {
      return (await tree()).url
    },
    async reload() {
      const navigation = bidi.send('browsingContext.reload', { context: tab, wait: 'interactive' })
      await navigation.catch((error: unknown) => {
        if (isOfFrame(error)) return untilParsed()
        throw error
      })
    },
    async back() {
      await bidi.send('browsingContext.traverseHistory', { context: tab, delta: -1 })
    },
    async hide() {
      if (front) return
      const created = await bidi.send<{ context: string }>('browsingContext.create', {
        type: 'tab',
        referenceContext: tab,
      })
      front = created.context
    },
    async show() {
      if (front) await bidi.send('browsingContext.close', { context: front })
      front = undefined
      await bidi.send('browsingContext.activate', { context: tab })
    },
    async close() {
      await bidi.send('browsingContext.close', { context: tab })
      if (front) await bidi.send('browsingContext.close', { context: front })
    },
    async screenshot() {
      return (await bidi.send<{ data: string }>('browsingContext.captureScreenshot', { context: tab })).data
    },
    frame: (urlPrefix) =>
      createScopeDriver(bidi, async () => {
        const found = findFrame(await tree(), urlPrefix)
        if (!found) throw new Error(`No frame: ${urlPrefix}`)
        return found.context
      }),
    console: async () => lines(),
  }
}

/** Firefox takes the error page of a frame for one of the tab, and then finds no name for it. The tab's own document is here. */
function isOfFrame(error: unknown): boolean {
  return String(error).includes('Address rejected')
}

function createScopeDriver(bidi: Bidi, locate: () => Promise<string>): ScopeDriver {
  const evaluate = async (context: string, expression: string): Promise<RemoteValue> => {
    const answer = await bidi.send<Evaluated>('script.evaluate', {
      expression,
      target: { context },
      awaitPromise: true,
      resultOwnership: 'none',
      serializationOptions: { maxDomDepth: 0 },
    })
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text)
    return answer.result
  }
  return {
    async evaluate(expression) {
      return (await evaluate(await locate(), expression)).value
    },
    async click(element) {
      const context = await locate()
      const { sharedId } = await evaluate(
        context,
        `(element => (element.scrollIntoView({ block: 'nearest' }), element))(${element})`,
      )
      const move = { type: 'pointerMove', x: 0, y: 0, origin: { type: 'element', element: { sharedId } } }
      const press = [
        { type: 'pointerDown', button: 0 },
        { type: 'pointerUp', button: 0 },
      ]
      const actions = [{ type: 'pointer', id: 'mouse', actions: [move, ...press] }]
      await bidi.send('input.performActions', { context, actions })
    },
    async press(keys) {
      await bidi.send('input.performActions', { context: await locate(), actions: [keyActions(keys)] })
    },
  }
}

function findFrame(parent: Context, urlPrefix: string): Context | undefined {
  for (const child of parent.children ?? []) {
    const found = child.url.startsWith(urlPrefix) ? child : findFrame(child, urlPrefix)
    if (found) return found
  }
  return undefined
}
