import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { replaceSection } from './document.ts'
import { describeMachine } from './machine.ts'
import { measureFirstAnswer } from './topics/first-answer.ts'
import { measureServer } from './topics/server.ts'
import { measureSize } from './topics/size.ts'
import { measureStreams } from './topics/streams.ts'

/** Everything that is measured, by the word after `--only`. Each topic gives its own table. */
const TOPICS: Readonly<Record<string, () => Promise<string>>> = {
  size: measureSize,
  'first-answer': measureFirstAnswer,
  server: measureServer,
  streams: measureStreams,
}

const DOCUMENT = fileURLToPath(new URL('../../docs/performance.md', import.meta.url))

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = values.only?.split(',') ?? Object.keys(TOPICS)
const unknown = chosen.filter((topic) => !Object.hasOwn(TOPICS, topic))
if (unknown.length > 0) {
  console.error(`bench: there is no topic "${unknown.join('", "')}"; there are ${Object.keys(TOPICS).join(', ')}.`)
  process.exitCode = 1
} else {
  for (const topic of chosen) {
    const machine = describeMachine()
    const figures = `${await TOPICS[topic]?.()}\n\nMeasured on ${machine}.`
    console.log(`\n## ${topic}\n\n${figures}`)
    await writeFile(DOCUMENT, await replaceSection(DOCUMENT, topic, figures))
  }
}
