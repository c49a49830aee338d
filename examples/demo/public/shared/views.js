import { stateOf } from './panel-words.js'

/**
 * Keeps the parts of a page that depend on the session: `<template data-when="signed-in denied">` is shown in these
 * states, in its own place, and is gone from the document in all others. `[data-claim]` elements in it are filled with
 * the user's claims; of several `[data-reason-of]` elements the one of the snapshot's reason is shown.
 */
export function createViews() {
  const views = [...document.querySelectorAll('template[data-when]')].map((template) => ({
    template,
    states: template.dataset.when.split(' '),
    key: undefined,
    nodes: [],
  }))

  return function show(snapshot) {
    const state = stateOf(snapshot)
    const key = `${state} ${JSON.stringify(snapshot.user ?? null)}`
    document.documentElement.dataset.session = state
    for (const view of views) {
      const next = view.states.includes(state) ? key : undefined
      if (view.key === next) continue
      view.key = next
      for (const node of view.nodes) node.remove()
      view.nodes = next === undefined ? [] : fill(view.template, snapshot)
      view.template.after(...view.nodes)
    }
    for (const place of document.querySelectorAll('[data-reason-of]')) {
      place.hidden = place.dataset.reasonOf !== snapshot.reason
    }
  }
}

/** Lets `[data-do]` buttons act on the session, those in views that come and go too. */
export function followButtons(session) {
  const actions = { 'sign-in': () => session.signIn(), 'sign-out': () => session.signOut() }
  document.addEventListener('click', (event) => actions[event.target.closest('[data-do]')?.dataset.do]?.())
}

function fill(template, snapshot) {
  const content = template.content.cloneNode(true)
  for (const place of content.querySelectorAll('[data-claim]')) {
    place.textContent = snapshot.user?.[place.dataset.claim] ?? ''
  }
  return [...content.children]
}
