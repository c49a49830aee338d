import { element, write } from './panel-view.js'
import { stateOf } from './panel-words.js'

const prices = { storm: 64, lens: 189, buoy: 38, moon: 29, tower: 72, signal: 118 }
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 })

/** What lies in each customer's basket when this page opens. */
const baskets = new Map([
  [
    'shopper',
    new Map([
      ['storm', 1],
      ['moon', 2],
    ]),
  ],
  ['clerk', new Map([['tower', 1]])],
])
const orders = new Map([
  [
    'shopper',
    [
      ['L-2071', 'Harbour buoy', 'on the ferry'],
      ['L-2044', 'Bedside tower', 'delivered'],
    ],
  ],
  ['clerk', [['L-2068', 'Signal lamp', 'in the workshop']]],
])

/** Gives every lamp its price and its button, and each customer a basket of their own. */
export function keepBasket(session) {
  const buttons = []
  for (const card of document.querySelectorAll('[data-lamp]')) {
    const key = card.dataset.lamp
    const button = element('button', { type: 'button', class: 'add' })
    button.addEventListener('click', () => {
      const snapshot = session.current
      if (stateOf(snapshot) !== 'signed-in') return session.signIn()
      const basket = basketOf(snapshot)
      basket.set(key, (basket.get(key) ?? 0) + 1)
      show(snapshot)
    })
    buttons.push(button)
    card.append(element('p', { class: 'buy' }, element('b', {}, money.format(prices[key])), button))
  }

  function show(snapshot) {
    const state = stateOf(snapshot)
    for (const button of buttons) {
      write(button, state === 'signed-out' ? 'Sign in to buy' : 'Add to basket')
      button.disabled = state === 'denied' || state === 'unknown'
    }
    const list = document.querySelector('[data-basket]')
    if (list === null || state !== 'signed-in') return
    const lines = [...basketOf(snapshot)]
    list.replaceChildren(
      ...lines.map(([key, count]) =>
        element('li', {}, `${count} × ${titleOf(key)}`, element('b', {}, money.format(count * prices[key]))),
      ),
    )
    const total = lines.reduce((sum, [key, count]) => sum + count * prices[key], 0)
    write(document.querySelector('[data-total]'), money.format(total))
  }
  return { show }
}

function basketOf({ user }) {
  const basket = baskets.get(user.sub) ?? new Map()
  baskets.set(user.sub, basket)
  return basket
}

function titleOf(key) {
  return document.querySelector(`[data-lamp="${key}"] h3`).textContent
}

/** Lists the orders of the customer who is signed in. */
export function fillOrders({ user }) {
  const list = document.querySelector('[data-orders]')
  if (list === null || list.childElementCount > 0) return
  const lines = orders.get(user?.sub) ?? []
  list.append(
    ...lines.map(([number, what, state]) =>
      element('li', {}, element('span', {}, `${what} `, element('small', {}, number)), element('em', {}, state)),
    ),
  )
  if (lines.length === 0) list.append(element('li', {}, 'None yet.'))
}
