import { mountPanel } from './panel.js'
import { element } from './panel-view.js'
import { createViews, followButtons } from './views.js'

const patienceMs = 4000

const today = document.querySelector('#today')
today.dateTime = new Date().toISOString().slice(0, 10)
today.textContent = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full' }).format()

const panel = document.querySelector('#panel')
const showViews = createViews()
showViews({ status: 'unknown', reason: 'loading', stale: false })

// Without the script there is no session to ask: the page says itself that it does not know.
const late = element(
  'div',
  { class: 'panel-head' },
  element('span', { class: 'panel-lamp' }),
  element('p', { class: 'panel-line' }, 'The hub’s script has not come. Is the hub running? Then reload.'),
)
const patience = setTimeout(() => {
  showViews({ status: 'unknown', reason: 'unreachable', stale: false })
  panel.prepend(late)
}, patienceMs)

const session = await whenSessionStarts()
clearTimeout(patience)
late.remove()
session.subscribe(showViews)
followButtons(session)
mountPanel(panel, session)

/** The hub's script tag is `async`: it may have run before this module, or may still be on its way. */
function whenSessionStarts() {
  if (window.isthmus) return Promise.resolve(window.isthmus)
  return new Promise((resolve) => {
    document.addEventListener('isthmus:change', () => resolve(window.isthmus), { once: true })
  })
}
