/** Item of localStorage that says that a key is kept for a site: to look there costs nothing. */
export const KEY_MARK = 'isthmus:key:'

/** Marks that a key is kept for this site, or is not any more. */
export function markKey(site: string, kept: boolean): void {
  try {
    if (kept) localStorage.setItem(KEY_MARK + site, '1')
    else localStorage.removeItem(KEY_MARK + site)
  } catch {
    // Workers have none; and a page to which it is forbidden looks for the key itself.
  }
}
