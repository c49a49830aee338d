import type { ConsoleLine } from './tab.ts'

/** What an engine must be able to do in one document. All else of a `Scope` is made of it. */
export interface ScopeDriver {
  /** Evaluates, outside the page's policy, an expression that gives a promise for JSON. */
  evaluate(expression: string): Promise<string | undefined>
  /** Clicks in the middle of the element that an expression gives. */
  click(element: string): Promise<void>
  /** Presses and releases one key after the other: a character, or a name of `KEYS`. */
  press(keys: readonly string[]): Promise<void>
}

/** What an engine must be able to do with a tab. All else of a `Tab` is made of it. */
export interface TabDriver extends ScopeDriver {
  goto(url: string): Promise<void>
  url(): Promise<string>
  reload(): Promise<void>
  back(): Promise<void>
  hide(): Promise<void>
  show(): Promise<void>
  close(): Promise<void>
  /** PNG, as base64. */
  screenshot(): Promise<string>
  frame(urlPrefix: string): ScopeDriver
  console(): Promise<readonly ConsoleLine[]>
}

/** The names of keys and their code points in W3C key actions (https://www.w3.org/TR/webdriver/#keyboard-actions). */
const keyCodes: Readonly<Record<string, string>> = {
  Enter: '\uE007',
  Tab: '\uE004',
  Escape: '\uE00C',
  Backspace: '\uE003',
  Delete: '\uE017',
  ArrowLeft: '\uE012',
  ArrowUp: '\uE013',
  ArrowRight: '\uE014',
  ArrowDown: '\uE015',
}

/** One input source of a W3C action sequence that presses these keys. */
export function keyActions(keys: readonly string[]): object {
  const actions = keys.flatMap((key) => {
    const value = keyCodes[key] ?? key
    return [
      { type: 'keyDown', value },
      { type: 'keyUp', value },
    ]
  })
  return { type: 'key', id: 'keyboard', actions }
}
