/** Makes an element: `element('p', { class: 'why' }, 'text', child)`. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  node.append(...children)
  return node
}

/** Writes a text only where it differs: nothing is repainted, and nothing read aloud twice. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text
}

const facts = [
  ['user', 'User'],
  ['reason', 'Reason'],
  ['revision', 'Revision'],
  ['carrier', 'Carrier'],
  ['stream', 'Stream'],
  ['change', 'Last change'],
]
const actions = [
  ['sign-in', 'Sign in'],
  ['sign-out', 'Sign out'],
  ['refresh', 'Refresh'],
]

/**
 * Builds the panel's elements in front of what the page has put into `root` (its links). Every place exists from the
 * start, so nothing moves when it is filled.
 */
export function buildPanel(root) {
  const places = new Map(facts.map(([key]) => [key, element('dd', { 'data-fact': key }, '–')]))
  const buttons = new Map(
    actions.map(([key, label]) => [key, element('button', { type: 'button', 'data-action': key }, label)]),
  )
  const status = element('strong', { class: 'panel-status' }, 'Not known')
  const who = element('span', { class: 'panel-who' })
  const toggle = element('button', { type: 'button', class: 'panel-toggle', 'aria-expanded': 'false' }, 'Details')
  const why = element('p', { class: 'panel-why' })
  const log = element('ol', { class: 'panel-log', 'aria-label': 'Last changes' })
  const findings = element('ul', { class: 'panel-findings', 'aria-label': 'Findings' })

  const rows = facts.map(([key, label]) => element('div', {}, element('dt', {}, label), places.get(key)))
  const body = element(
    'div',
    { class: 'panel-body' },
    why,
    element('div', { class: 'panel-actions' }, ...buttons.values()),
    element('dl', { class: 'panel-facts' }, ...rows),
    element('p', { class: 'panel-caption' }, 'Last changes'),
    log,
    findings,
    ...root.childNodes,
  )
  const head = element(
    'div',
    { class: 'panel-head' },
    element('span', { class: 'panel-lamp', 'aria-hidden': 'true' }),
    element('p', { class: 'panel-line', role: 'status' }, status, who),
    toggle,
  )
  toggle.addEventListener('click', () => {
    const open = root.toggleAttribute('data-open')
    toggle.setAttribute('aria-expanded', String(open))
  })
  root.append(head, body)
  return { places, buttons, status, who, why, log, findings }
}
