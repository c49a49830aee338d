import { readFile } from 'node:fs/promises'

/** The text of a document with another content between the marks of a section; a new section comes at its end. */
export async function replaceSection(path: string, name: string, content: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  const [begin, end] = [`<!-- measured:${name} -->`, `<!-- /measured:${name} -->`]
  const section = `${begin}\n${content}\n${end}`
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) return `${text.trimEnd()}\n\n## ${name}\n\n${section}\n`
  return text.slice(0, from) + section + text.slice(to + end.length)
}
