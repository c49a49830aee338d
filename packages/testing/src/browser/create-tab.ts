import { setTimeout as sleep } from 'node:timers/promises'
import type { ScopeDriver, TabDriver } from './driver.ts'
import { findElement } from './find-element.ts'
import type { Scope, Tab, WaitOptions } from './tab.ts'

const pollMs = 20
const waitMs = 30_000
const settleMs = 30_000
const answerMs = 5_000

/** Makes a tab of what its engine can do. */
export function createTab(driver: TabDriver): Tab {
  const scope = createScope(driver)
  const untilVisibility = (wanted: DocumentVisibilityState): Promise<unknown> =>
    scope.waitFor(`document.visibilityState === '${wanted}'`, { timeoutMs: settleMs })
  return {
    ...scope,
    goto: (url) => driver.goto(url),
    url: () => driver.url(),
    reload: () => driver.reload(),
    back: () => driver.back(),
    press: (key) => driver.press([key]),
    type: (text) => driver.press([...text]),
    async hide() {
      await driver.hide()
      await untilVisibility('hidden')
    },
    async show() {
      await driver.show()
      await untilVisibility('visible')
    },
    close: () => driver.close(),
    screenshot: async () => Buffer.from(await driver.screenshot(), 'base64'),
    frame: (urlPrefix) => createScope(driver.frame(urlPrefix)),
    console: () => driver.console(),
  }
}

function createScope(driver: ScopeDriver): Scope {
  async function evaluate<Value>(code: string | ((argument: never) => unknown), argument?: unknown): Promise<Value> {
    const expression = typeof code === 'string' ? code : `(${code})(${JSON.stringify(argument)})`
    const json = await driver.evaluate(`(async (value) => JSON.stringify(await value))(${expression}\n)`)
    return json === undefined ? (undefined as Value) : JSON.parse(json)
  }

  async function waitFor<Value>(expression: string, { timeoutMs = waitMs }: WaitOptions = {}): Promise<Value> {
    const deadline = Date.now() + timeoutMs
    let last = 'no answer'
    for (;;) {
      // A navigation under way takes the document with it: then the next one is asked.
      const answer = evaluate<Value>(expression).then(toAnswer, toAnswerOfError)
      const { value, said } = await within(deadline - Date.now(), answer, { value: undefined, said: last })
      if (value) return value
      if (Date.now() >= deadline) throw new Error(`Not within ${timeoutMs} ms: ${expression}\nLast: ${said}`)
      last = said
      await sleep(pollMs)
    }
  }

  async function untilVisible(target: string, options?: WaitOptions): Promise<string> {
    const element = find(target)
    await waitFor(`${element}?.getClientRects().length > 0`, options).catch((cause: unknown) => {
      throw new Error(`No visible element: ${target}`, { cause })
    })
    return element
  }

  return {
    evaluate,
    waitFor,
    text: (target) =>
      within(answerMs, evaluate<string>(`${find(target)}?.textContent.trim() ?? ''`), '').catch(() => ''),
    async click(target, options) {
      await driver.click(await untilVisible(target, options))
    },
    async fill(target, text, options) {
      const field = await untilVisible(target, options)
      await evaluate(`(field => { field.focus(); field.select() })(${field})`)
      await driver.press(text ? [...text] : ['Backspace'])
    },
  }
}

const toAnswer = <Value>(value: Value): { value: Value | undefined; said: string } => ({
  value,
  said: JSON.stringify(value),
})
const toAnswerOfError = (error: unknown): { value: undefined; said: string } => ({
  value: undefined,
  said: String(error),
})

/** What a promise gives; `late` if that takes too long, as where a tab waits for a server that does not answer. */
async function within<Value>(timeoutMs: number, promise: Promise<Value>, late: Value): Promise<Value> {
  const answered = new AbortController()
  try {
    return await Promise.race([promise, sleep(timeoutMs, late, { signal: answered.signal })])
  } finally {
    answered.abort()
  }
}

const find = (target: string): string => `(${findElement})(${JSON.stringify(target)})`
