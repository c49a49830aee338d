/** Opens something at its first use and keeps it open; what could not be opened is tried again at the next use. */
export interface OpenOnce<T> {
  (): Promise<T>
  /** Forgets what is open; the next use opens it anew. */
  forget(): Promise<T> | undefined
}

export function openOnce<T>(open: () => Promise<T>): OpenOnce<T> {
  let opened: Promise<T> | undefined
  const use = (): Promise<T> => {
    if (!opened) {
      const opening = open()
      opened = opening
      opening.catch(() => {
        if (opened === opening) opened = undefined
      })
    }
    return opened
  }
  return Object.assign(use, {
    forget() {
      const former = opened
      opened = undefined
      return former
    },
  })
}
