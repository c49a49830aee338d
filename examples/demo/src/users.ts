import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** What the auth domain knows of a user; what a site is told of it is that site's `claims`. */
interface User {
  readonly sub: string
  readonly claims: Readonly<Record<string, string | number>>
  readonly groups: readonly string[]
}

/** A user whose password the login page and the terminal tell, so that anybody can try the demo. */
export interface ReadyUser extends User {
  readonly password: string
  readonly admittedTo: string
}

/** The three users of the demo. */
export const readyUsers: readonly ReadyUser[] = [
  {
    sub: 'shopper',
    password: 'warm-lamp',
    claims: { name: 'Shopper', points: 240, plan: 'Weekend' },
    groups: ['customers'],
    admittedTo: 'shop, news',
  },
  {
    sub: 'reader',
    password: 'fresh-ink',
    claims: { name: 'Reader', plan: 'Full year' },
    groups: ['readers'],
    admittedTo: 'news',
  },
  {
    sub: 'clerk',
    password: 'night-desk',
    claims: { name: 'Clerk', points: 35, plan: 'House copy', desk: 4 },
    groups: ['staff', 'customers'],
    admittedTo: 'shop, news, staff',
  },
]

/** Finds a user by name and password. */
export interface UserDirectory {
  check(username: string, password: string): Promise<User | undefined>
}

/** Hashes the ready users' passwords, each with a salt of its own, and forgets the plain ones. */
export async function createUserDirectory(users: readonly ReadyUser[] = readyUsers): Promise<UserDirectory> {
  const entries = await Promise.all(
    users.map(async ({ sub, claims, groups, password }) => ({
      user: { sub, claims, groups },
      hash: await hashPassword(password),
    })),
  )
  const known = new Map(entries.map((entry) => [entry.user.sub, entry]))
  const nobody = await hashPassword(randomBytes(32).toString('base64url'))

  return {
    async check(username, password) {
      const entry = known.get(username.trim().toLowerCase())
      // An unknown name costs one hash as well: the time of the answer does not tell which names exist.
      const fits = await fitsHash(password, entry?.hash ?? nobody)
      return fits ? entry?.user : undefined
    },
  }
}

interface PasswordHash {
  readonly salt: Buffer
  readonly key: Buffer
}

/** OWASP's scrypt setting for 32 MiB; Node wants its memory limit raised for it. */
const cost: ScryptOptions = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1024 * 1024 }

async function hashPassword(password: string, salt: Buffer = randomBytes(16)): Promise<PasswordHash> {
  const key = await new Promise<Buffer>((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, 32, cost, (error, derived) => (error ? reject(error) : resolve(derived)))
  })
  return { salt, key }
}

async function fitsHash(password: string, hash: PasswordHash): Promise<boolean> {
  const { key } = await hashPassword(password, hash.salt)
  return timingSafeEqual(key, hash.key)
}
