/**
 * The one thing to be seen in the frame, where its site wants it: a click that links. Tells whether the browser gave
 * access to the hub's own cookie; only in a click it asks the user.
 */
export function showButton(label: string, onAccess: (given: boolean) => Promise<void>): void {
  const button = document.createElement('button')
  button.textContent = label
  button.onclick = async () => {
    button.disabled = true
    // No argument: Chromium takes `undefined` for one.
    const given = await document.requestStorageAccess().then(
      () => true,
      () => false,
    )
    await onAccess(given)
    button.disabled = false
  }
  document.body.append(button)
}
