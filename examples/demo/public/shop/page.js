import { createSession } from '@isthmus/client'
import { fillOrders, keepBasket } from './counter.js'
import { mountPanel } from './panel.js'
import { createViews, followButtons } from './views.js'

const session = createSession({ hub: document.documentElement.dataset.hub, link: 'eager' })
const basket = keepBasket(session)
const showViews = createViews()

session.subscribe((snapshot) => {
  showViews(snapshot)
  basket.show(snapshot)
  fillOrders(snapshot)
})
followButtons(session)
mountPanel(document.querySelector('#panel'), session)
