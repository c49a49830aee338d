import type { WebDriver } from './web-driver.ts'

/**
 * Our scripts wait for nothing, but WebKit never answers one that meets a page on its way into or out of the back-forward
 * cache (measured where a document holds a stream: one `back` in nine). It takes other commands meanwhile.
 */
export const scriptMs = 5_000

/** The windows of one session. WebDriver has one current window and frame; here whoever needs them takes turns. */
export interface Windows {
  readonly session: WebDriver
  /** Opens a window and gives its handle. */
  open(): Promise<string>
  /** Runs commands in the document of a window, or in the first frame of it whose address begins so. No others run meanwhile. */
  use<Result>(window: string, commands: () => Promise<Result>, urlPrefix?: string): Promise<Result>
  /** Closes a window; one that is closed already stays so. */
  close(window: string): Promise<void>
}

/** Gives turns. */
export function createWindows(session: WebDriver): Windows {
  let last: Promise<unknown> = Promise.resolve()
  const opened = new Set<string>()
  let current: string | undefined
  let isInFrame = false

  const takeTurn = <Result>(commands: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(commands)
    last = turn.catch(() => {})
    return turn
  }
  const enter = async (window: string, urlPrefix: string | undefined): Promise<void> => {
    if (current !== window) await session.post('/window', { handle: window })
    else if (isInFrame) await session.post('/frame', { id: null })
    current = window
    isInFrame = urlPrefix !== undefined
    if (urlPrefix !== undefined && !(await enterFrame(session, urlPrefix))) throw new Error(`No frame: ${urlPrefix}`)
  }
  return {
    session,
    open: () =>
      takeTurn(async () => {
        const { handle } = await session.post<{ handle: string }>('/window/new', { type: 'window' })
        opened.add(handle)
        return handle
      }),
    use: (window, commands, urlPrefix) =>
      takeTurn(async () => {
        await enter(window, urlPrefix)
        return commands()
      }),
    close: (window) =>
      takeTurn(async () => {
        if (!opened.delete(window)) return
        await enter(window, undefined)
        current = undefined
        // Commands fail while the current window is a closed one, the one that opens another too.
        const [left] = await session.delete<string[]>('/window')
        if (left !== undefined) await enter(left, undefined)
      }),
  }
}

async function enterFrame(session: WebDriver, urlPrefix: string): Promise<boolean> {
  const read = <Result>(script: string): Promise<Result> =>
    session.post('/execute/sync', { script, args: [] }, scriptMs)
  const frames = await read<number>('return window.length')
  for (let id = 0; id < frames; id++) {
    await session.post('/frame', { id })
    if ((await read<string>('return location.href')).startsWith(urlPrefix)) return true
    if (await enterFrame(session, urlPrefix)) return true
    await session.post('/frame/parent')
  }
  return false
}
