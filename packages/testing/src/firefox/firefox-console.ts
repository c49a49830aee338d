import type { ConsoleLine } from '../browser/tab.ts'
import type { Bidi } from './bidi.ts'

interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly text: string | null
  readonly source: { readonly context?: string }
  readonly stackTrace?: { readonly callFrames: readonly { readonly url: string }[] }
}

/** Listens to the consoles of all tabs; the result gives the lines of one of them, its frames included. */
export async function collectConsole(bidi: Bidi): Promise<(tab: string) => readonly ConsoleLine[]> {
  const parents = new Map<string, string | null>()
  const entries: LogEntry[] = []
  bidi.on<{ context: string; parent?: string | null }>('browsingContext.contextCreated', ({ context, parent }) =>
    parents.set(context, parent ?? null),
  )
  bidi.on<LogEntry>('log.entryAdded', (entry) => entries.push(entry))
  await bidi.send('session.subscribe', { events: ['browsingContext.contextCreated', 'log.entryAdded'] })

  const tabOf = (context: string): string => {
    const parent = parents.get(context)
    return parent ? tabOf(parent) : context
  }
  return (tab) => entries.filter(({ source }) => source.context && tabOf(source.context) === tab).map(toLine)
}

function toLine({ level, text, stackTrace }: LogEntry): ConsoleLine {
  const url = stackTrace?.callFrames[0]?.url
  return { level: level === 'warn' ? 'warning' : level, text: text ?? '', ...(url ? { url } : {}) }
}
