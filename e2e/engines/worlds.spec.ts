import {
  type Certificate,
  createCertificate,
  type HostRequest,
  type Hosts,
  launchBrowser,
  PRIVACY_WORLDS,
  type PrivacyWorld,
  startHosts,
  type UserBrowser,
} from '@isthmus/testing'
import { expect, test } from '@playwright/test'
import {
  answerAsHub,
  answerAsSite,
  connectWorker,
  cookiesIn,
  cookiesOf,
  HOSTS,
  hubFrame,
  openTab,
} from './embedded-hub.ts'

// What the project builds on, measured. Where one of these fails, a browser has changed its rules.

let certificate: Certificate
let hosts: Hosts

const start = (port = 0): Promise<Hosts> => {
  const site = answerAsSite(() => hosts)
  const handlers = { [HOSTS.hub]: answerAsHub, [HOSTS.shop]: site, [HOSTS.news]: site }
  return startHosts({ tls: certificate, port, handlers })
}
const url = (host: keyof typeof HOSTS, page: string): string => `${hosts.origin(HOSTS[host])}/${page}`
const lastFrame = (page: string): HostRequest | undefined =>
  hosts.requests.findLast(({ path, destination }) => path === `/${page}` && destination === 'iframe')

test.beforeAll(async () => {
  certificate = await createCertificate(Object.values(HOSTS))
  hosts = await start()
})

test.afterAll(() => hosts.close())

/** Which cookies reach the hub in a frame: those of a first-party visit, and those that it sets in the frame itself. */
const cookieRules: Readonly<Record<PrivacyWorld, { readonly sent: string[]; readonly kept: string[] }>> = {
  'chromium-allowed': { sent: ['plain'], kept: ['chips', 'plain'] },
  'chromium-blocked': { sent: [], kept: ['chips'] },
  // What a frame sets is kept in its partition, even without being marked so.
  firefox: { sent: [], kept: ['chips', 'plain'] },
  webkit: { sent: [], kept: [] },
}

for (const world of PRIVACY_WORLDS)
  test.describe(world, () => {
    const { sent, kept } = cookieRules[world]
    const isAllowed = world === 'chromium-allowed'
    let running: UserBrowser
    /** A further user, as each end-to-end test is one: the partitions and settings of contexts are those of profiles. */
    let browser: UserBrowser
    test.beforeAll(async () => {
      running = await launchBrowser(world, { certificate })
      browser = await running.newUser()
    })
    test.afterAll(() => running.close())

    test('cookies: what a frame is sent of a first-party visit, and what it keeps', async () => {
      const first = await openTab(browser, url('hub', 'cookie'))
      expect(await cookiesOf(first, 'cookie')).toEqual(['chips-cookie=document', 'plain-cookie=document'])

      const frame = await hubFrame(await openTab(browser, url('shop', 'cookie')), hosts)
      expect(cookiesIn(lastFrame('cookie')?.headers.cookie, 'cookie')).toEqual(
        sent.map((kind) => `${kind}-cookie=document`),
      )
      expect(await cookiesOf(frame, 'cookie')).toEqual(kept.map((kind) => `${kind}-cookie=iframe`))

      await hubFrame(await openTab(browser, url('news', 'cookie')), hosts)
      expect(cookiesIn(lastFrame('cookie')?.headers.cookie, 'cookie')).toEqual(
        sent.map((kind) => `${kind}-cookie=iframe`),
      )
      const plain = isAllowed ? 'iframe' : 'document'
      expect(await cookiesOf(first, 'cookie')).toEqual(['chips-cookie=document', `plain-cookie=${plain}`])
    })

    test('a login at the hub that leads back in the same tab opens nothing to the frame', async () => {
      const tab = await openTab(browser, url('hub', `login?to=${url('shop', 'login')}`))
      await tab.fill('label=Name', 'somebody')
      await tab.click('text=Go on')
      await tab.waitFor(`location.href === '${url('shop', 'login')}'`)
      const frame = await hubFrame(tab, hosts)
      expect(cookiesIn(lastFrame('login')?.headers.cookie, 'login')).toEqual(
        sent.map((kind) => `${kind}-login=document`),
      )
      expect(await frame.evaluate('document.hasStorageAccess()')).toBe(isAllowed)
    })

    test('storage access is not given without a click', async () => {
      const frame = await hubFrame(await openTab(browser, url('shop', 'access')), hosts)
      expect(await frame.evaluate('document.hasStorageAccess()')).toBe(isAllowed)
      const ask = "document.requestStorageAccess().then(() => 'granted', (error) => error.name)"
      expect(await frame.evaluate(ask)).toBe(isAllowed ? 'granted' : 'NotAllowedError')
    })

    test('the frame knows who embeds it, though the page would give no Referer', async () => {
      const frame = await hubFrame(await openTab(browser, url('shop', 'referer')), hosts)
      expect(lastFrame('referer')).toMatchObject({ host: HOSTS.hub, headers: { referer: url('shop', '') } })
      expect(await frame.evaluate('[...location.ancestorOrigins]')).toEqual([hosts.origin(HOSTS.shop)])
    })

    test('a frame has storage of every kind, and each top-level site its own', async () => {
      const openDatabase = `new Promise((resolve, reject) => {
      const request = indexedDB.open('mark')
      let isNew = false
      request.onupgradeneeded = () => { isNew = true }
      request.onsuccess = () => resolve(isNew)
      request.onerror = () => reject(request.error)
    })`
      const write = `(async () => {
      localStorage.setItem('mark', 'shop')
      await caches.open('mark')
      await ${openDatabase}
      window.channel = new BroadcastChannel('mark')
      channel.onmessage = ({ data }) => channel.postMessage(data + ' heard')
      await new Promise((resolve) => void navigator.locks.request('mark', () => new Promise(resolve)))
    })()`
        // The lock is held for good: its callback's promise never settles.
        .replace('new Promise(resolve)', '(resolve(), new Promise(() => {}))')
      const read = `(async () => {
      const isNew = await ${openDatabase}
      const answer = await new Promise((resolve) => {
        const channel = new BroadcastChannel('mark')
        channel.onmessage = ({ data }) => resolve(data)
        channel.postMessage('mark')
        setTimeout(resolve, 500, 'nobody')
      })
      const isLocked = await navigator.locks.request('mark', { ifAvailable: true }, (lock) => lock === null)
      return [localStorage.getItem('mark'), !isNew, await caches.has('mark'), answer, isLocked]
    })()`
      const readAt = async (host: 'shop' | 'news'): Promise<unknown> =>
        (await hubFrame(await openTab(browser, url(host, 'storage')), hosts)).evaluate(read)
      await (await hubFrame(await openTab(browser, url('shop', 'storage')), hosts)).evaluate(write)

      const nothing = [null, false, false, 'nobody', false]
      expect(await readAt('shop')).toEqual(['shop', true, true, 'mark heard', true])
      expect(await readAt('news')).toEqual(nothing)
      expect(await (await openTab(browser, url('hub', 'storage'))).evaluate(read)).toEqual(nothing)
    })

    test('a key that nobody can read outlives its page in IndexedDB, and still signs', async () => {
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      const withStore = (mode: string, act: string): string => `new Promise((resolve, reject) => {
      const opening = indexedDB.open('keys')
      opening.onupgradeneeded = () => opening.result.createObjectStore('keys')
      opening.onerror = () => reject(opening.error)
      opening.onsuccess = () => {
        const request = opening.result.transaction('keys', '${mode}').objectStore('keys').${act}
        request.onsuccess = () => { opening.result.close(); resolve(request.result) }
        request.onerror = () => reject(request.error)
      }
    })`
      const tab = await openTab(browser, url('shop', 'key'))
      const publicKey = await (await hubFrame(tab, hosts)).evaluate<JsonWebKey>(`(async () => {
      const pair = await crypto.subtle.generateKey(${JSON.stringify(algorithm)}, false, ['sign', 'verify'])
      await ${withStore('readwrite', "put(pair.privateKey, 'key')")}
      return crypto.subtle.exportKey('jwk', pair.publicKey)
    })()`)

      await tab.reload()
      const [isExtractable, signature] = await (await hubFrame(tab, hosts)).evaluate<
        [boolean, number[]]
      >(`(async () => {
      const key = await ${withStore('readonly', "get('key')")}
      const proof = new TextEncoder().encode('proof')
      const signature = await crypto.subtle.sign(${JSON.stringify(algorithm)}, key, proof)
      return [key.extractable, [...new Uint8Array(signature)]]
    })()`)
      expect(isExtractable).toBe(false)
      const verifier = await crypto.subtle.importKey('jwk', publicKey, algorithm, false, ['verify'])
      const proof = new TextEncoder().encode('proof')
      expect(await crypto.subtle.verify(algorithm, verifier, new Uint8Array(signature), proof)).toBe(true)
    })

    test('one message with an exact target carries a port; one for another origin is dropped', async () => {
      const shop = await openTab(browser, url('shop', 'message'))
      await shop.evaluate(`void addEventListener('message', ({ data, origin, ports: [port] }) => {
      (window.heard ??= []).push([data, origin])
      port.onmessage = ({ data }) => heard.push(data)
      port.postMessage('ping')
    })`)
      await (await hubFrame(shop, hosts)).evaluate(`(() => {
      const send = (text, origin) => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = ({ data }) => port1.postMessage(text + ' heard ' + data)
        parent.postMessage(text, origin, [port2])
      }
      send('to another', '${hosts.origin(HOSTS.news)}')
      send('to the shop', '${hosts.origin(HOSTS.shop)}')
    })()`)
      await shop.waitFor('window.heard?.length > 1')
      expect(await shop.evaluate('heard')).toEqual([['to the shop', hosts.origin(HOSTS.hub)], 'to the shop heard ping'])
    })

    test('a shared worker streams with the cookies of its partition, and reconnects where the server comes back', async () => {
      const frame = await hubFrame(await openTab(browser, url('shop', 'stream')), hosts)
      expect(await frame.evaluate(connectWorker)).toEqual(['data: worker'])
      const stream = hosts.requests.findLast(({ path }) => path === '/events')
      expect(cookiesIn(stream?.headers.cookie, 'stream')).toEqual(kept.map((kind) => `${kind}-stream=iframe`))

      await hosts.close()
      await frame.waitFor("lines.includes('broken off')")
      hosts = await start(hosts.port)
      await frame.waitFor("lines.at(-1) === 'data: worker'")
    })

    test('the back button restores a page whose hub streams in its worker, and the port to the hub still works', async () => {
      const shop = await openTab(browser, url('shop', 'restored'))
      await shop.evaluate("void addEventListener('message', ({ ports }) => { [window.port] = ports })")
      const frame = await hubFrame(shop, hosts)
      await frame.evaluate(connectWorker)
      await frame.evaluate(`(() => {
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => port1.postMessage(lines.at(-1))
      parent.postMessage('port', '${hosts.origin(HOSTS.shop)}', [port2])
    })()`)
      await shop.waitFor('Boolean(window.port)')
      await shop.goto(url('news', 'restored'))
      await shop.back()

      expect(await shop.waitFor('[persisted]')).toEqual([true])
      const asked = 'new Promise((resolve) => { port.onmessage = ({ data }) => resolve(data); port.postMessage(0) })'
      expect(await shop.evaluate(asked)).toBe('data: worker')
    })

    test('a stream that the document itself holds keeps the page out of the back-forward cache in Firefox only', async () => {
      const shop = await openTab(browser, url('shop', 'held'))
      const hold = "fetch('/events', { cache: 'no-store' }).then((response) => { window.held = response })"
      await (await hubFrame(shop, hosts)).evaluate(hold)
      await shop.goto(url('news', 'held'))
      await shop.back()
      expect(await shop.waitFor('[persisted]')).toEqual([world !== 'firefox'])
    })

    test('with cookies switched off nothing else is kept either, but in WebKit', async () => {
      await using without = await launchBrowser(world, { certificate, cookies: 'off' })
      const use = `(use => { try { return use() } catch ({ name }) { return name } })`
      const kept = `(async () => [
      ${use}(() => { sessionStorage.mark = 'kept'; return sessionStorage.mark }),
      await new Promise((resolve) => ${use}(() => {
        const request = indexedDB.open('mark')
        request.onsuccess = () => resolve('kept')
        request.onerror = () => resolve('refused')
      }) && resolve('refused')),
    ])()`
      const tab = await openTab(without, url('hub', 'off'))
      const frame = await hubFrame(await openTab(without, url('shop', 'off')), hosts)
      for (const document of [tab, frame]) {
        expect(await cookiesOf(document, 'off')).toEqual([])
        expect(await document.evaluate(kept)).toEqual(
          world === 'webkit' ? ['kept', 'kept'] : ['SecurityError', 'refused'],
        )
      }
    })
  })
