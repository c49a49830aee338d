import { Window } from 'happy-dom'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isForOnce, isInUse } from './page-facts.ts'

let page: Window

beforeEach(() => {
  page = new Window({ settings: { disableIframePageLoading: true } })
  vi.stubGlobal('document', page.document)
  vi.stubGlobal('HTMLIFrameElement', page.HTMLIFrameElement)
})
afterEach(() => vi.unstubAllGlobals())

describe('a page that can be asked for once only', () => {
  it.each([
    'https://shop.example/confirm/9f86d081884c7d659a2feaa0c55ad015',
    'https://shop.example/paid?reference=A7x9Kq3mVw2pZb81&state=ok',
    'https://shop.example/callback?code=SplxlOBeZQQYbYS6WxSbIA',
    'https://shop.example/reset?token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x',
  ])('looks so: %s', (href) => {
    expect(isForOnce(href)).toBe(true)
  })

  it.each([
    'https://shop.example/',
    'https://shop.example/lamps/brass-lantern-with-two-arms?colour=brass&size=2',
    'https://shop.example/articles/2026-11-25?page=3',
    'https://shop.example/search?q=a%20lamp%20of%201920',
    'https://shop.example/#9f86d081884c7d659a2feaa0c55ad015',
  ])('does not look so: %s', (href) => {
    expect(isForOnce(href)).toBe(false)
  })

  it('says so itself', () => {
    page.document.head.innerHTML = '<meta name="isthmus-link" content="stay">'
    expect(isForOnce('https://shop.example/')).toBe(true)
  })
})

describe('a page in use', () => {
  it('is one with something written in a field', () => {
    page.document.body.innerHTML = '<textarea>Dear</textarea>'
    expect(isInUse()).toBe(false)
    const field = page.document.querySelector('textarea')
    if (field) field.value = 'Dear Ada'
    expect(isInUse()).toBe(true)
  })

  it('is one with the focus in a frame', () => {
    page.document.body.innerHTML = '<iframe></iframe>'
    page.document.querySelector('iframe')?.focus()
    Object.defineProperty(page.document, 'activeElement', { value: page.document.querySelector('iframe') })
    expect(isInUse()).toBe(true)
  })

  it.each([
    [{ paused: false, muted: false }, true],
    [{ paused: true, muted: false }, false],
    [{ paused: false, muted: true }, false],
  ])('is one with a player that is heard: %o', (player, used) => {
    page.document.body.innerHTML = '<video></video>'
    const video = page.document.querySelector('video')
    for (const [name, value] of Object.entries(player)) Object.defineProperty(video, name, { value })
    expect(isInUse()).toBe(used)
  })
})
