import { type HubToClient, IsthmusError, type SiteAnswer } from '@isthmus/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import type { FromHub, Question } from '../session/state.ts'
import { openLine as openPort } from './port.ts'

const ANSWER: SiteAnswer = {
  site: 'shop',
  carrier: 'cookie',
  state: { status: 'signed-out', reason: 'logout', revision: 7 },
}

const opened: { close(): void }[] = []

afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

interface Line {
  readonly questions: { ask(question: Question): Promise<SiteAnswer>; close(): void }
  /** What the client was told without asking. */
  readonly heard: unknown[]
  /** The hub's end: says anything, as a hub gone mad would. */
  say(message: unknown): void
  /** The next question that reaches the hub. */
  next(): Promise<Question & { id: number }>
}

function openLine(timeoutMs = 5_000): Line {
  const { port1, port2 } = new MessageChannel()
  const asked: MessageEvent[] = []
  let wake = (): void => {}
  port2.onmessage = (event) => {
    asked.push(event)
    wake()
  }
  const heard: unknown[] = []
  const waiting = new Map<number, (event: FromHub) => void>()
  const line = openPort(port1, timeoutMs, (event) => {
    if (event.type === 'answer' || event.type === 'refusal') waiting.get(event.id)?.(event)
    else heard.push(event)
  })
  let last = 0
  const questions: Line['questions'] = {
    ask: (question) =>
      new Promise((resolve, reject) => {
        const id = ++last
        waiting.set(id, (event) => {
          if (event.type === 'answer') resolve(event.answer)
          else if (event.type === 'refusal') reject(new IsthmusError(event.code))
        })
        line.send(id, question)
      }),
    close: line.close,
  }
  opened.push(questions, port2)
  return {
    questions,
    heard,
    say: (message) => port2.postMessage(message),
    async next() {
      while (asked.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      return asked.shift()?.data
    },
  }
}

function answer(id: number): HubToClient {
  return { isthmus: 1, type: 'answer', id, answer: ANSWER }
}

/** Resolves when everything said before has arrived: a port keeps the order. */
async function arrived({ heard, say }: Line): Promise<void> {
  say({ isthmus: 1, type: 'stream', status: 'open' })
  await expect.poll(() => heard.at(-1)).toEqual({ isthmus: 1, type: 'stream', status: 'open' })
  heard.pop()
}

describe('a question', () => {
  test('carries the version and an id of its own, and gets the answer with that id', async () => {
    const line = openLine()
    const first = line.questions.ask({ type: 'ask' })
    const second = line.questions.ask({ type: 'touch' })
    const one = await line.next()
    const two = await line.next()
    expect(one).toEqual({ isthmus: 1, type: 'ask', id: expect.any(Number) })
    expect(two).toEqual({ isthmus: 1, type: 'touch', id: expect.any(Number) })
    expect(one.id).not.toBe(two.id)

    const later: SiteAnswer = { ...ANSWER, state: { status: 'unlinked', revision: 8 } }
    line.say({ ...answer(two.id), answer: later })
    line.say(answer(one.id))
    await expect(second).resolves.toEqual(later)
    await expect(first).resolves.toEqual(ANSWER)
  })

  test('takes its ticket and verifier along', async () => {
    const line = openLine()
    const redeem = { type: 'redeem', ticket: 't'.repeat(43), verifier: 'v'.repeat(43) } as const
    const asked = line.questions.ask(redeem)
    const { id, ...rest } = await line.next()
    expect(rest).toEqual({ isthmus: 1, ...redeem })
    line.say(answer(id))
    await asked
  })

  test.each(['no-session', 'a-code-of-tomorrow'])('that is refused fails with the code %s', async (code) => {
    const line = openLine()
    const asked = line.questions.ask({ type: 'sign-out' })
    const { id } = await line.next()
    line.say({ isthmus: 1, type: 'refusal', id, code })
    await expect(asked).rejects.toMatchObject({ name: 'IsthmusError', code })
  })

  test('that nobody answers fails in time; an answer that comes later is nobody’s', async () => {
    const line = openLine(30)
    const asked = line.questions.ask({ type: 'ask' })
    await expect(asked).rejects.toMatchObject({ name: 'IsthmusError', code: 'timeout' })
    line.say(answer((await line.next()).id))
    await arrived(line)
    expect(line.heard).toEqual([])
  })

  test('keeps its answer when its time runs out afterwards', async () => {
    const line = openLine(40)
    const asked = line.questions.ask({ type: 'ask' })
    line.say(answer((await line.next()).id))
    await expect(asked).resolves.toEqual(ANSWER)
    const another = line.questions.ask({ type: 'ask' })
    await expect(another).rejects.toMatchObject({ code: 'timeout' })
    await expect(asked).resolves.toEqual(ANSWER)
  })
})

describe('a message that does not fit', () => {
  const id = 1
  test.each<[string, unknown]>([
    ['nothing', null],
    ['text', 'answer'],
    ['a list', [answer(id)]],
    ['an answer without a version', { ...answer(id), isthmus: undefined }],
    ['an answer of another version', { ...answer(id), isthmus: 2 }],
    ['an answer without a state', { ...answer(id), answer: { site: 'shop', carrier: 'cookie' } }],
    ['an answer that makes somebody up', { ...answer(id), answer: { ...ANSWER, state: { status: 'signed-in' } } }],
    ['an answer with an id of another kind', { ...answer(id), id: '1' }],
    ['an answer to another question', answer(id + 1)],
    ['an answer to no question', answer(0)],
    ['a refusal of another question', { isthmus: 1, type: 'refusal', id: id + 1, code: 'internal' }],
    ['a refusal without a code', { isthmus: 1, type: 'refusal', id }],
    ['a greeting', { isthmus: 1, type: 'welcome', answer: ANSWER, peers: '', aheadMs: 0 }],
    ['a question', { isthmus: 1, type: 'ask', id }],
    ['a push without an answer', { isthmus: 1, type: 'push' }],
    ['a stream in no state', { isthmus: 1, type: 'stream' }],
    ['what only the client itself can say', { isthmus: 1, type: 'destroyed' }],
  ])('answers nothing and tells nothing: %s', async (_, message) => {
    const line = openLine()
    let settled = false
    const asked = line.questions.ask({ type: 'ask' }).finally(() => {
      settled = true
    })
    expect((await line.next()).id).toBe(id)
    line.say(message)
    await arrived(line)
    expect(line.heard).toEqual([])
    expect(settled).toBe(false)
    line.say(answer(id))
    await expect(asked).resolves.toEqual(ANSWER)
  })

  test('throws nothing into the page, and what follows is heard', async () => {
    const line = openLine()
    line.say(new Map([['type', 'push']]))
    line.say({ isthmus: 1, type: 'push', answer: ANSWER })
    await arrived(line)
    expect(line.heard).toEqual([{ isthmus: 1, type: 'push', answer: ANSWER }])
  })
})

test('what the hub tells by itself is passed on, in order', async () => {
  const line = openLine()
  const push: HubToClient = { isthmus: 1, type: 'push', answer: ANSWER }
  const stream: HubToClient = { isthmus: 1, type: 'stream', status: 'down' }
  line.say(push)
  line.say(stream)
  await arrived(line)
  expect(line.heard).toEqual([{ isthmus: 1, type: 'push', answer: ANSWER }, stream])
})

describe('when the line is closed', () => {
  test('no question ends any more, by its time-out neither: whoever closed it knows', async () => {
    const line = openLine(20)
    let ended = false
    void line.questions
      .ask({ type: 'ask' })
      .catch(() => undefined)
      .finally(() => {
        ended = true
      })
    line.questions.close()
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(ended).toBe(false)
  })

  test('what was answered stays answered', async () => {
    const line = openLine()
    const asked = line.questions.ask({ type: 'ask' })
    line.say(answer((await line.next()).id))
    await asked
    line.questions.close()
    await expect(asked).resolves.toEqual(ANSWER)
  })

  test('nothing that was on its way is heard', async () => {
    const line = openLine()
    line.say({ isthmus: 1, type: 'push', answer: ANSWER })
    line.questions.close()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(line.heard).toEqual([])
  })
})
