const said = new Set<string>()

/** Says once what is wrong with the page's code, and what to do about it. A page never breaks by it. */
export function complain(sentence: string): void {
  if (said.has(sentence)) return
  said.add(sentence)
  console.error(`isthmus: ${sentence}`)
}
