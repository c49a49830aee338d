/** The page says for itself that it must not be asked for twice. */
const STAY = 'meta[name="isthmus-link"][content="stay"]'

/** Long, and of letters and digits mixed: a code that is good once, as mails and payment providers have it. */
const CODE = /^(?=.*\d)(?=.*[a-z])[\w~+/=.-]{16,}$/i

/**
 * Whether the user has begun to do something with this page that its events may not have told: before the client listened,
 * or in a frame. (`navigator.userActivation` would tell, but drivers of tests set it with every look at a page.)
 */
export function isInUse(): boolean {
  const fields = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('input, textarea')]
  const players = [...document.querySelectorAll<HTMLMediaElement>('video, audio')]
  return (
    document.activeElement instanceof HTMLIFrameElement ||
    fields.some(({ value, defaultValue }) => value !== defaultValue) ||
    players.some(({ paused, muted }) => !paused && !muted)
  )
}

/** Whether the page says, or its address looks as if, it can be asked for once only. */
export function isForOnce(href: string): boolean {
  const { pathname, searchParams } = new URL(href)
  return document.querySelector(STAY) !== null || [...pathname.split('/'), ...searchParams.values()].some(isCode)
}

function isCode(text: string): boolean {
  return CODE.test(text)
}
