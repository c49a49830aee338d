import { createSession } from '@isthmus/client'
import { mountPanel } from './panel.js'
import { write } from './panel-view.js'
import { createViews, followButtons } from './views.js'

const session = createSession({ hub: document.documentElement.dataset.hub, link: 'eager' })

session.subscribe(createViews())
followButtons(session)
mountPanel(document.querySelector('#panel'), session)

const clock = document.querySelector('#clock')
function tell() {
  write(clock, `${new Date().toISOString().slice(11, 19)} UTC`)
}
tell()
setInterval(tell, 1000)
