import { parseArgs } from 'node:util'
import { describeMachine } from './machine.ts'
import { measureServer } from './topics/server.ts'
import { measureStreams } from './topics/streams.ts'

/** Everything that is measured, by the word after `--only`. Each topic prints its own table. */
const TOPICS: Readonly<Record<string, () => Promise<string>>> = { server: measureServer, streams: measureStreams }

const { values } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = values.only?.split(',') ?? Object.keys(TOPICS)
const unknown = chosen.filter((topic) => !Object.hasOwn(TOPICS, topic))
if (unknown.length > 0) {
  console.error(`bench: there is no topic "${unknown.join('", "')}"; there are ${Object.keys(TOPICS).join(', ')}.`)
  process.exitCode = 1
} else {
  console.log(describeMachine())
  for (const topic of chosen) console.log(`\n## ${topic}\n\n${await TOPICS[topic]?.()}`)
}
