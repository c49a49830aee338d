import type { Timer } from '../timer.ts'

/** What came of one attempt: the HTTP status, or why there is none. */
export interface Attempt {
  readonly ok: boolean
  readonly status: number | 'timeout' | 'unreachable' | 'aborted'
}

/**
 * Posts a logout token (OIDC Back-Channel Logout 1.0 §2.5). Only ever to the URI of the configuration: no redirect is
 * followed, because a site that is no longer itself could lead the hub into the network around it. Of the answer only
 * the status counts; its body is not read, however long it is.
 */
export async function postLogoutToken(
  uri: string,
  token: string,
  { timer, timeoutMs, signal }: { timer: Timer; timeoutMs: number; signal: AbortSignal },
): Promise<Attempt> {
  const timeout = new AbortController()
  const stopTimer = timer(timeoutMs, () => timeout.abort())
  const done = new AbortController()
  try {
    const response = await fetch(uri, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Cache-Control': 'no-store' },
      body: new URLSearchParams({ logout_token: token }).toString(),
      redirect: 'manual',
      signal: AbortSignal.any([timeout.signal, signal, done.signal]),
    })
    return { ok: response.ok, status: response.status }
  } catch {
    if (signal.aborted) return { ok: false, status: 'aborted' }
    return { ok: false, status: timeout.signal.aborted ? 'timeout' : 'unreachable' }
  } finally {
    stopTimer()
    // Closes the connection under a body that may have no end.
    done.abort()
  }
}
