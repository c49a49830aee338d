import type { Session } from '../session.ts'
import { showPanel } from './panel.ts'
import { simulated } from './simulate.ts'

/** What `withDevtools` takes. */
export interface DevtoolsOptions {
  /**
   * When the panel opens: `query` (default), where the address of the page has `isthmus-devtools` in its query; `always`;
   * `never`, until {@link openDevtools} is called. The panel shows what the page may know of its user anyway, and can
   * change what this one page shows: leave it out of what you build for production, if users should not find it.
   */
  readonly open?: 'query' | 'always' | 'never'
}

/**
 * The same session, with a panel for developers that can simulate what is hard to bring about: a sign-out elsewhere, a hub
 * that is away, a browser without a link. Give the result to your page or provider in place of the session.
 *
 * @example
 * const session = withDevtools(createSession({ hub: 'https://auth.example.com' }))
 */
export function withDevtools(session: Session, { open = 'query' }: DevtoolsOptions = {}): Session {
  const shown = simulated(session)
  if (open === 'always' || (open === 'query' && new URLSearchParams(location.search).has('isthmus-devtools'))) {
    openDevtools(shown)
  }
  return shown
}

/**
 * Opens the panel for a session: state, carrier, stream, findings with their cures, and every change with its way and
 * delay. Call the result to close it. On any page with the script tag: `openDevtools(window.isthmus)`.
 */
export function openDevtools(session: Session): () => void {
  return showPanel(session)
}
