import type { Page } from 'playwright'

/**
 * Where an element is: a CSS selector; `text=Sign in`, the whole visible text of it; or `label=User`, the label of a
 * field.
 */
export type Target = string

/** How long a wait may last. */
export interface WaitOptions {
  /** Default 30 seconds: a wait ends with what it waits for, and only a test that fails needs all of it. */
  readonly timeoutMs?: number
}

/** A document: that of a tab, or that of a frame in it. */
export interface Scope {
  /**
   * Evaluates one JavaScript expression in the page's own world and gives its value as JSON; a promise is awaited. A
   * strict policy of the page does not forbid it, nor does being hidden.
   *
   * @throws what the expression throws, and where the document goes away meanwhile
   */
  evaluate<Value>(expression: string): Promise<Value>
  /** Calls a function in the page. It is sent as text: it sees its argument, which goes as JSON, and the page's globals. */
  evaluate<Value, Argument>(run: (argument: Argument) => Value | Promise<Value>, argument: Argument): Promise<Value>
  evaluate<Value>(run: () => Value | Promise<Value>): Promise<Value>
  /** Asks again until the value is truthy, over navigations too, and gives it. */
  waitFor<Value>(expression: string, options?: WaitOptions): Promise<Value>
  /** The text of an element, without the space around; '' where there is none, or no document just now. For polling. */
  text(target: Target): Promise<string>
  /** Clicks with a real pointer, once the element is visible. The tab must not be hidden. */
  click(target: Target, options?: WaitOptions): Promise<void>
  /** Puts the focus on a field and types in place of what it holds. */
  fill(target: Target, text: string, options?: WaitOptions): Promise<void>
}

/** A line of the console. */
export interface ConsoleLine {
  readonly level: 'debug' | 'info' | 'warning' | 'error'
  readonly text: string
  /** The script or resource it is about, where the engine says. */
  readonly url?: string
}

/** A tab with a window of its own: visible until `hide`, whatever others do. The same in every engine. */
export interface Tab extends Scope {
  /**
   * Returns once the document is parsed; its frames may still load.
   *
   * @throws if the server cannot be reached
   */
  goto(url: string): Promise<void>
  url(): Promise<string>
  reload(): Promise<void>
  /** As the back button: a page of the back-forward cache is restored from there. */
  back(): Promise<void>
  /** Presses one key on what has the focus: `Enter`, `Tab`, `a`. */
  press(key: string): Promise<void>
  /** Types with the keyboard into what has the focus. */
  type(text: string): Promise<void>
  /** Makes the tab a hidden one, as when its user looks at another. Returns once the page knows. */
  hide(): Promise<void>
  /** Brings the tab to the front again. Returns once the page knows. */
  show(): Promise<void>
  close(): Promise<void>
  /** What is to be seen of the page now, as PNG. The tab must not be hidden. */
  screenshot(): Promise<Uint8Array>
  /** The first frame, at any depth, whose address begins so. It is looked up anew for each act. */
  frame(urlPrefix: string): Scope
  /**
   * What the console has said, frames included, oldest first. WebKit tells nobody: there it is what
   * {@link consoleRecorder} has heard in the document that is open now.
   */
  console(): Promise<readonly ConsoleLine[]>
  /** Playwright's page, for what only Chromium can do. */
  readonly page?: Page
}
