import { spawnSync } from 'node:child_process'
import {
  accessSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { endianness, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { IsthmusError } from '@isthmus/protocol'
import { open, type RootDatabase } from 'lmdb'

/** Longest time for a look at a file that may be damaged. */
const CHECK_TIMEOUT_MS = 60_000

/**
 * Opens the LMDB environment in a folder, which is made if missing.
 *
 * @throws IsthmusError `config-invalid`, with a sentence that names `store.path`, the cause and the cure.
 */
export function openEnvironment(path: string): RootDatabase {
  if (typeof path !== 'string' || path === '') {
    throw new IsthmusError('config-invalid', 'store.path: is missing. Name a folder to keep the sessions in.')
  }
  const folder = resolve(path)
  const options = {
    path: folder,
    noSubdir: false,
    // A commit is flushed before its promise resolves. With overlapping sync it would be flushed some time later.
    overlappingSync: false,
    // Event turn batching leaves a promise of its own behind, whose rejection on a full disk would end the process.
    eventTurnBatching: false,
    permissionsMode: 0o600,
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    checkDataFile(join(folder, 'data.mdb'))
    checkPermissions(folder)
    return open(options)
  } catch (cause) {
    throw new IsthmusError('config-invalid', `store.path: ${explain(folder, cause as NodeJS.ErrnoException)}`, {
      cause,
    })
  }
}

/** What every user of the machine may do to the store; a group may share it, as volumes of containers are. */
function checkPermissions(folder: string): void {
  if (process.platform === 'win32') return
  const { mode } = statSync(folder)
  if (mode & 0o002) throw new OpenToAll(folder, 'chmod o-w')
  const file = join(folder, 'data.mdb')
  const isEntered = (mode & 0o001) !== 0
  if (isEntered && (statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o006) {
    throw new OpenToAll(file, 'chmod o-rw')
  }
}

class OpenToAll extends Error {
  constructor(path: string, cure: string) {
    super(`every user of this machine may open ${path}: ${cure} ${path}`)
  }
}

/** LMDB 3.5 ends the process by a signal if it opens a file that is not its own, or that lacks pages it reads. */
function checkDataFile(path: string): void {
  let file: number
  try {
    file = openSync(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    const magic = new DataView(new ArrayBuffer(4))
    const length = readSync(file, magic, { position: 24 })
    const isNew = length === 0 && readSync(file, magic, { position: 0 }) === 0
    if (isNew) return
    if (magic.getUint32(0, endianness() === 'LE') !== 0xbeefc0de) throw new Error('data.mdb is not a file of LMDB')
    const { size } = fstatSync(file)
    // Pages that were freed in the transaction that took them may never have been written: then nothing reads them.
    if (size < extentOf(file) && !isReadable(path)) throw new Error(`data.mdb is cut off after ${size} bytes`)
  } finally {
    closeSync(file)
  }
}

/** Where the last page of the newest state ends, by the two heads of the file (MDB_meta in lmdb.h). */
function extentOf(file: number): number {
  const isLittle = endianness() === 'LE'
  const readHead = (at: number) => {
    const head = new DataView(new ArrayBuffer(136))
    if (readSync(file, head, { position: at + 24 }) < head.byteLength) return undefined
    return {
      pageBytes: head.getUint32(24, isLittle),
      lastPage: head.getBigUint64(120, isLittle),
      transaction: head.getBigUint64(128, isLittle),
    }
  }
  const first = readHead(0)
  const second = first && readHead(first.pageBytes)
  if (!second) return Number.POSITIVE_INFINITY
  const newest = second.transaction > first.transaction ? second : first
  return (Number(newest.lastPage) + 1) * newest.pageBytes
}

/** Has another process read a copy of the file whole, and write to it: that one may die of it. */
function isReadable(path: string): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-check-'))
  try {
    copyFileSync(path, join(folder, 'data.mdb'))
    const lmdb = createRequire(import.meta.url).resolve('lmdb')
    const script = `
      const environment = require(${JSON.stringify(lmdb)}).open({ path: ${JSON.stringify(folder)}, noSubdir: false })
      for (const name of ['entries', 'expiry']) {
        const table = environment.openDB(name, { keyEncoding: 'binary' })
        for (const { key } of table.getRange()) table.get(key)
        table.putSync(Buffer.from([255]), 'trial')
      }`
    return spawnSync(process.execPath, ['-e', script], { timeout: CHECK_TIMEOUT_MS }).status === 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function explain(folder: string, error: NodeJS.ErrnoException): string {
  if (error instanceof OpenToAll) return `${error.message}.`
  const { code, message } = error
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return `${folder} is a file or lies below one, but sessions are kept in a folder. Name another path; the folder is made if missing.`
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return `this process cannot write in ${folder} (${code}). Give its user the folder, or name one that it may write in.`
    default:
      return `no store can be opened in ${folder} (${message}). Put back a backup of that folder, or name another one.`
  }
}
