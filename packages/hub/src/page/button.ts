/** The one thing to be seen in the frame, where its site wants it: a click that links. */
export function showButton(label: string, link: () => Promise<void>): void {
  const button = document.createElement('button')
  button.textContent = label
  button.onclick = async () => {
    button.disabled = true
    await link().catch(() => undefined)
    button.disabled = false
  }
  document.body.append(button)
}
