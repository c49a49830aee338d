import { accessSync, closeSync, constants, mkdirSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { join, resolve } from 'node:path'
import { IsthmusError } from '@isthmus/protocol'
import { open, type RootDatabase } from 'lmdb'

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
    return open(options)
  } catch (cause) {
    throw new IsthmusError('config-invalid', `store.path: ${explain(folder, cause as NodeJS.ErrnoException)}`, {
      cause,
    })
  }
}

/** LMDB 3.5 ends the process with a segmentation fault if it opens a file that is not its own. */
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
    if (!isNew && magic.getUint32(0, endianness() === 'LE') !== 0xbeefc0de) {
      throw new Error('data.mdb is not a file of LMDB')
    }
  } finally {
    closeSync(file)
  }
}

function explain(folder: string, { code, message }: NodeJS.ErrnoException): string {
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
