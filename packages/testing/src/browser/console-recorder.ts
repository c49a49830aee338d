const record = (key: string): void => {
  const lines: object[] = []
  Object.defineProperty(window, Symbol.for(key), { value: lines })
  const add = (level: string, text: unknown, url?: string): void => void lines.push({ level, text: String(text), url })
  const levels = { debug: 'debug', log: 'info', info: 'info', warn: 'warning', error: 'error' } as const
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, string][]) {
    const original = console[method]
    console[method] = (...values) => {
      add(level, values.map(String).join(' '))
      original.apply(console, values)
    }
  }
  addEventListener('error', ({ message, filename }) => add('error', message, filename))
  addEventListener('unhandledrejection', ({ reason }) => add('error', reason))
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
    add('error', `The policy's ${violatedDirective} forbids ${blockedURI}`, sourceFile),
  )
}

const key = 'isthmus.testing.console'

/**
 * A script that keeps what the console says, for engines that do not tell. Serve it as the first script of a page;
 * `tab.console()` finds it.
 */
export const consoleRecorder: string = `(${record})('${key}')`

/** What the recorder has heard in a document, as an expression. */
export const recordedLines: string = `(window[Symbol.for('${key}')] ?? [])`
