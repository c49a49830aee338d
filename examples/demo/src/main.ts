import { fileURLToPath } from 'node:url'
import { type Demo, startDemo } from './demo.ts'
import { isCode } from './loopback.ts'
import { describeDemo } from './table.ts'

const dataPath = process.env.DATA ?? fileURLToPath(new URL('../.data/hub', import.meta.url))
/** A terminal's Ctrl-C can arrive twice, once directly and once through npm: that is still the first one. */
const echoMs = 500
const closeLimitMs = 5000

const port = readPort(process.env.PORT)
const demo = await startDemo({ port, dataPath }).catch((error: unknown) => {
  if (isCode(error, 'EADDRINUSE')) stop(`Port ${port} is in use by another program: PORT=${port + 1} npm start`)
  if (isCode(error, 'EACCES')) stop(`Port ${port} is not for ordinary users: PORT=4000 npm start`)
  throw error
})
const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
console.log(describeDemo(demo.addresses, coloured))
endOnSignal(demo)

function readPort(text = '4000'): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number
  stop(`PORT is "${text}", which is no port number: PORT=4000 npm start`)
}

function stop(sentence: string): never {
  console.error(sentence)
  process.exit(1)
}

/** The first signal closes everything in order and exits with 0; a second one does not wait. */
function endOnSignal(running: Demo): void {
  let firstAt: number | undefined
  const onSignal = (): void => {
    if (firstAt !== undefined) {
      if (Date.now() - firstAt > echoMs) process.exit(1)
      return
    }
    firstAt = Date.now()
    setTimeout(() => process.exit(1), closeLimitMs).unref()
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}
