import type { Diagnosis } from '../diagnosis/diagnosis.ts'
import type { Session } from '../session.ts'
import { element } from './element.ts'
import { PANEL_STYLE } from './panel-style.ts'
import { SIMULATIONS, type SimulatedSession, type SimulationName } from './simulate.ts'
import { type Entry, stateOf, withChange, withWay } from './timeline.ts'

/** How often the panel asks what is not told by itself: the stream, and how long the session still lasts. */
const LOOK_MS = 1000

/** Shows the panel; call the result to take it away. */
export function showPanel(session: Session | SimulatedSession): () => void {
  const host = element('div', { title: 'Isthmus' })
  const tree = host.attachShadow({ mode: 'open' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(PANEL_STYLE)
  tree.adoptedStyleSheets = [sheet]
  let timeline: readonly Entry[] = []
  let diagnosis: Diagnosis | undefined

  async function look(): Promise<void> {
    diagnosis = await session.diagnose().catch(() => undefined)
    if (diagnosis) timeline = withWay(timeline, diagnosis)
    draw()
  }

  function draw(): void {
    // A button that has the focus keeps it.
    const focused = (tree.activeElement as HTMLElement | null)?.textContent
    const scrolled = tree.firstElementChild?.scrollTop ?? 0
    tree.replaceChildren(panelOf(session, timeline, diagnosis, close))
    if (tree.firstElementChild) tree.firstElementChild.scrollTop = scrolled
    for (const button of tree.querySelectorAll('button')) if (button.textContent === focused) button.focus()
  }

  const unsubscribe = session.subscribe((snapshot) => {
    timeline = withChange(timeline, snapshot, Date.now())
    void look()
  })
  const looking = setInterval(look, LOOK_MS)
  // As the frame of the hub: outside the body, which page loaders swap.
  document.documentElement.append(host)

  function close(): void {
    unsubscribe()
    clearInterval(looking)
    host.remove()
  }
  return close
}

function panelOf(
  session: Session | SimulatedSession,
  timeline: readonly Entry[],
  diagnosis: Diagnosis | undefined,
  close: () => void,
): HTMLElement {
  const { current } = session
  const chip = element('output', {}, stateOf(current))
  chip.dataset.status = current.status
  return element(
    'section',
    { ariaLabel: 'Isthmus devtools' },
    element('header', {}, element('b', {}, 'Isthmus'), chip, element('button', { onclick: close }, 'Close')),
    element('h2', {}, 'State'),
    factsOf(session, diagnosis),
    ...findingsOf(diagnosis),
    ...('simulate' in session ? buttonsOf(session) : []),
    element('h2', {}, 'Timeline'),
    element('ul', {}, ...timeline.map(lineOf)),
  )
}

function factsOf({ current }: Session, diagnosis: Diagnosis | undefined): HTMLElement {
  const signedIn = current.status === 'signed-in' ? current : undefined
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['hub', diagnosis?.hub],
    ['site', diagnosis?.site ?? undefined],
    ['carrier', diagnosis?.carrier ?? undefined],
    ['stream', diagnosis?.stream],
    ['user', signedIn && JSON.stringify(signedIn.user)],
    ['sid', signedIn?.sid],
    ['idle end', signedIn && inWords(signedIn.idleExpiresAt - Date.now())],
    ['end', signedIn && inWords(signedIn.expiresAt - Date.now())],
    ['stale', current.stale ? 'yes: from before the hub was heard' : undefined],
  ]
  const known = facts.filter(([, value]) => value !== undefined)
  return element(
    'dl',
    {},
    ...known.flatMap(([name, value = '']) => [element('dt', {}, name), element('dd', {}, value)]),
  )
}

function findingsOf(diagnosis: Diagnosis | undefined): Node[] {
  const findings = diagnosis?.findings ?? []
  if (findings.length === 0) return []
  const lines = findings.map(({ code, message, cure }) =>
    element('li', {}, element('code', {}, code), ` ${message} `, element('b', {}, cure)),
  )
  return [element('h2', {}, 'Findings'), element('ul', {}, ...lines)]
}

function lineOf({ at, state, way }: Entry): Node {
  const time = element('time', {}, new Date(at).toLocaleTimeString())
  return element('li', {}, time, `${state} `, element('small', {}, way))
}

function buttonsOf(session: SimulatedSession): Node[] {
  const names = Object.keys(SIMULATIONS) as SimulationName[]
  const buttons = names.map((name) => {
    const isOn = session.simulation === name
    const onclick = (): void => session.simulate(isOn ? undefined : name)
    return element('button', { onclick, ariaPressed: String(isOn) }, name)
  })
  const hint = session.simulation
    ? 'The page sees what is simulated. Click again to end it.'
    : 'Shown to this page alone.'
  return [element('h2', {}, 'Simulate'), element('p', {}, element('small', {}, hint)), element('menu', {}, ...buttons)]
}

function inWords(ms: number): string {
  if (ms <= 0) return 'over'
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return `in ${Math.ceil(ms / 1000)} s`
  return minutes < 120 ? `in ${minutes} min` : `in ${Math.floor(minutes / 60)} h`
}
