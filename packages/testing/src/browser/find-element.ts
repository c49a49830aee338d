/**
 * The element a `Target` names, if it is there. It runs in pages: it must need nothing from this module.
 */
export function findElement(target: string): Element | undefined {
  const [, kind, wanted] = /^(text|label)=(.*)$/s.exec(target) ?? []
  const words = (text: string | null): string => (text ?? '').replace(/\s+/g, ' ').trim()
  if (kind === undefined) return document.querySelector(target) ?? undefined
  if (kind === 'label') {
    return [...document.querySelectorAll<HTMLInputElement>('input, select, textarea, button')].find((field) =>
      [field.getAttribute('aria-label'), ...[...(field.labels ?? [])].map((label) => label.textContent)].some(
        (label) => words(label) === wanted,
      ),
    )
  }
  const says = (element: Element): boolean =>
    element.getClientRects().length > 0 && words(element.textContent) === wanted
  let found = [...document.querySelectorAll('body *')].find(says)
  for (let inner = found; inner; inner = [...inner.children].find(says)) found = inner
  return found
}
