// Takes the picture of two tabs that follow each other, as the demo shows it: node docs/take-pictures.mjs
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { launchChromium } from '@isthmus/testing'

const PORT = 4000
const WIDTH = 620
const HEIGHT = 430
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))
const at = (host, rest = '/') => `http://${host}.localhost:${PORT}${rest}`

const data = await mkdtemp(join(tmpdir(), 'isthmus-pictures-'))
const demo = spawn(process.execPath, [path('../examples/demo/dist/main.js')], {
  env: { ...process.env, PORT: String(PORT), DATA: join(data, 'hub') },
  stdio: ['ignore', 'pipe', 'inherit'],
})
await once(demo.stdout, 'data')
const browser = await launchChromium({ thirdPartyCookies: 'allowed' })
try {
  const [shop, news] = [await openTab(at('shop')), await openTab(at('news'))]
  await signIn(shop)
  // A tab that is signed out asks when its user looks at it.
  await news.reload()
  await shows(news, 'Signed in')
  const before = [await shoot(shop), await shoot(news)]
  await news.evaluate(() => window.isthmus.signOut())
  // No user touches this tab: it is told.
  await shows(shop, 'Signed out')
  await shows(news, 'Signed out')
  await frame([before, [await shoot(shop), await shoot(news)]])
} finally {
  await browser.close()
  demo.kill('SIGTERM')
  await once(demo, 'exit')
  await rm(data, { recursive: true })
}

async function openTab(url) {
  const page = await browser.newPage()
  await page.setViewportSize({ width: WIDTH, height: HEIGHT })
  await page.goto(url)
  await shows(page, 'Signed out')
  return page
}

async function signIn(page) {
  await page.getByRole('button', { name: 'Sign in' }).first().click()
  await page.waitForURL(/\/login/)
  await page.locator('[name=username]').fill('shopper')
  await page.locator('[name=password]').fill('warm-lamp')
  await page.locator('[name=password]').press('Enter')
  await shows(page, 'Signed in')
}

/** The bar below each page of the demo says what its page knows. */
function shows(page, text) {
  return page.getByText(text, { exact: true }).first().waitFor()
}

async function shoot(page) {
  await page.bringToFront()
  return (await page.screenshot()).toString('base64')
}

/** Both tabs side by side, before and after, each below its address. */
async function frame(rows) {
  const page = await browser.newPage()
  await page.setViewportSize({ width: 2 * WIDTH + 60, height: 2 * (HEIGHT + 84) + 24 })
  const tab = (picture, host) =>
    `<figure><figcaption>${host}</figcaption><img src="data:image/png;base64,${picture}" width="${WIDTH}"></figure>`
  const titles = [
    'Signed in on the left: known on the right',
    'Signed out on the right: the left tab follows by itself',
  ]
  await page.setContent(`<style>
    body { margin: 0; padding: 1px 20px 20px; font: 15px system-ui, sans-serif; color: #173a46; background: #f4f7f8 }
    h2 { font-size: 19px; margin: 20px 0 10px }
    div { display: grid; grid-template-columns: 1fr 1fr; gap: 20px }
    figure { margin: 0; border: 1px solid #9bb4bd; border-radius: 10px; overflow: hidden; background: #fff }
    figcaption { padding: 7px 14px; background: #dcebf0; font-weight: 600 }
    img { display: block }
  </style>${rows.map(([shop, news], row) => `<h2>${titles[row]}</h2><div>${tab(shop, 'shop.localhost')}${tab(news, 'news.localhost')}</div>`).join('')}`)
  await page.locator('body').screenshot({ path: path('public/pictures/two-tabs.png') })
}
