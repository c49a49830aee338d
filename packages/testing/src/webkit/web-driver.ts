/**
 * A WebDriver session (https://www.w3.org/TR/webdriver/). Its calls send one command, to a path below that of the session,
 * and reject with the browser's own words if it refuses.
 */
export interface WebDriver {
  /** For people: `MiniBrowser/2.50.6`. */
  readonly version: string
  get<Result>(path: string): Promise<Result>
  /** With `timeoutMs` it rejects too where no answer comes in time: what a page takes with it is never answered. */
  post<Result>(path: string, parameters?: object, timeoutMs?: number): Promise<Result>
  delete<Result>(path: string): Promise<Result>
}

/** The key of an element reference (https://www.w3.org/TR/webdriver/#elements). */
export const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

interface NewSession {
  readonly sessionId: string
  readonly capabilities: { readonly browserName: string; readonly browserVersion: string }
}

/** Asks the driver at an address for a session, which starts the browser. */
export async function createWebDriver(address: string, capabilities: object): Promise<WebDriver> {
  const parameters = { capabilities: { alwaysMatch: capabilities } }
  const session = await send<NewSession>('POST', `${address}/session`, parameters)
  const base = `${address}/session/${session.sessionId}`
  const { browserName, browserVersion } = session.capabilities
  return {
    version: `${browserName}/${browserVersion}`,
    get: (path) => send('GET', base + path),
    post: (path, body = {}, timeoutMs) => send('POST', base + path, body, timeoutMs),
    delete: (path) => send('DELETE', base + path),
  }
}

async function send<Result>(method: string, url: string, parameters?: object, timeoutMs?: number): Promise<Result> {
  const response = await fetch(url, {
    method,
    ...(parameters && { body: JSON.stringify(parameters) }),
    ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
  })
  const { value } = (await response.json()) as { value: unknown }
  if (response.ok) return value as Result
  const { error, message } = value as { error: string; message: string }
  throw new Error(`${method} ${new URL(url).pathname}: ${error}: ${message}`)
}
