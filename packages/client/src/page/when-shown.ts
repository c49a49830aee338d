/** A page that is only prerendered has no frames yet, and no user: what it would do first waits until it is shown. */
export function whenShown(action: () => void, signal: AbortSignal): void {
  const { prerendering } = document as Document & { readonly prerendering?: boolean }
  if (prerendering) document.addEventListener('prerenderingchange', action, { once: true, signal })
  else action()
}
