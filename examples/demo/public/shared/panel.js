import { buildPanel, element, write } from './panel-view.js'
import {
  agoOf,
  arrivalOf,
  briefArrivalOf,
  carrierWords,
  claimsOf,
  nameOf,
  stateOf,
  statusWords,
  streamWords,
  whyOf,
} from './panel-words.js'

const logLength = 4
const lookEveryMs = 500
const tickMs = 1000

/** Shows a session live inside `root`, with its last changes and its buttons. */
export function mountPanel(root, session) {
  const view = buildPanel(root)
  let latest
  let diagnosis
  let question = 0
  let heardAt
  let revision
  let isNews = false

  function show(snapshot) {
    const previous = latest
    latest = snapshot
    // After a failure the hub may only say again what it said before.
    if (snapshot.status !== 'unknown') {
      isNews = snapshot.revision !== revision
      revision = snapshot.revision
    }
    const state = stateOf(snapshot)
    root.dataset.state = state
    root.dataset.reason = snapshot.reason ?? ''
    root.toggleAttribute('data-stale', snapshot.stale)

    const known = snapshot.status === 'unknown' ? snapshot.last : snapshot
    const name = known === undefined ? undefined : nameOf(known)
    write(view.status, statusWords[state])
    write(view.who, describeWho(snapshot, name))
    write(view.why, whyOf(snapshot))
    fact('user', describeUser(snapshot, name))
    fact('reason', snapshot.reason ?? (state === 'denied' ? 'groups' : '–'))
    fact('revision', snapshot.revision ?? known?.revision ?? '–')
    showButtons(state, snapshot.reason)
    const changed = previous === undefined || keyOf(previous) !== keyOf(snapshot)
    if (changed && snapshot.reason !== 'loading') addToLog(snapshot, name)
    look()
  }

  function fact(key, value) {
    write(view.places.get(key), String(value))
  }

  function showButtons(state, reason) {
    const loading = reason === 'loading'
    view.buttons.get('sign-in').disabled = loading || state === 'signed-in'
    view.buttons.get('sign-out').disabled = loading || state === 'signed-out'
  }

  function addToLog(snapshot, name) {
    const now = new Date()
    const entry = element(
      'li',
      { 'data-state': stateOf(snapshot) },
      element('time', { datetime: now.toISOString() }, now.toTimeString().slice(0, 8)),
      element('span', {}, eventOf(snapshot, name)),
      element('em'),
    )
    heardAt = snapshot.status === 'unknown' ? undefined : now.getTime()
    view.log.prepend(entry)
    while (view.log.childElementCount > logLength) view.log.lastElementChild.remove()
  }

  /** Asks the client what it knows of its own carrier and stream; only the latest question's answer counts. */
  async function look() {
    question += 1
    const mine = question
    const answer = await session.diagnose().catch(() => undefined)
    if (mine !== question || answer === undefined) return
    diagnosis = answer
    fact('carrier', answer.carrier === null ? '–' : (carrierWords[answer.carrier] ?? answer.carrier))
    fact('stream', streamWords[answer.stream] ?? answer.stream)
    root.dataset.stream = answer.stream
    showFindings(answer.findings)
    tick()
  }

  function showFindings(findings) {
    const key = JSON.stringify(findings)
    if (view.findings.dataset.key === key) return
    view.findings.dataset.key = key
    view.findings.replaceChildren(
      ...findings.map(({ code, message, cure }) =>
        element('li', {}, element('code', {}, code), ` ${message} `, element('span', {}, cure ?? '')),
      ),
    )
  }

  function tick() {
    const change = diagnosis?.lastChange
    if (!change) return
    fact('change', `${agoOf(change.at, Date.now())}, ${arrivalOf(change, isNews)}`)
    // The newest entry is told how it came only by a change that is its own, not by the one before it.
    if (Math.abs(heardAt - change.at) < lookEveryMs) {
      write(view.log.firstElementChild.lastElementChild, briefArrivalOf(change, isNews))
    }
  }

  function act(key, label, action) {
    const button = view.buttons.get(key)
    const rest = button.textContent
    button.addEventListener('click', async () => {
      if (button.ariaBusy === 'true') return
      button.ariaBusy = 'true'
      write(button, label)
      try {
        await action()
      } catch (error) {
        write(view.why, error.message)
      } finally {
        button.ariaBusy = null
        write(button, rest)
      }
    })
  }

  act('sign-in', 'Going to sign in', () => session.signIn())
  act('sign-out', 'Signing out', () => session.signOut())
  act('refresh', 'Asking', () => session.refresh())
  session.subscribe(show)
  setInterval(tick, tickMs)
  setInterval(() => document.visibilityState === 'visible' && look(), lookEveryMs)
}

function describeWho(snapshot, name) {
  if (snapshot.status === 'unknown') return name === undefined ? '' : `last known: ${name}`
  return name ?? ''
}

function describeUser(snapshot, name) {
  if (snapshot.status === 'signed-out') return 'nobody'
  if (snapshot.status === 'unknown') {
    if (snapshot.last === undefined) return '–'
    return name === undefined ? 'last known: nobody' : `last known: ${name}`
  }
  const claims = claimsOf(snapshot)
  return claims === '' ? (name ?? '–') : `${name} (${claims})`
}

/** A change in a few words: `signed in · Shopper`, `unreachable`. */
function eventOf(snapshot, name) {
  if (snapshot.status === 'unknown') return snapshot.reason
  const what = snapshot.status === 'signed-in' ? name : snapshot.reason
  return [statusWords[stateOf(snapshot)].toLowerCase(), what].filter(Boolean).join(' · ')
}

/** What makes two snapshots different to a person: a new expiry alone is not news. */
function keyOf(snapshot) {
  return JSON.stringify([snapshot.status, snapshot.reason, snapshot.access, snapshot.sid, snapshot.user])
}
