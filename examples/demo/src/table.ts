import type { Addresses } from './addresses.ts'
import { readyUsers } from './users.ts'

type Paint = (text: string) => string

/** What the terminal shows of a running demo: the four addresses, who can sign in, and what to try. */
export function describeDemo(addresses: Addresses, coloured: boolean): string {
  const ansi =
    (code: number): Paint =>
    (text) =>
      coloured ? `\u001B[${code}m${text}\u001B[0m` : text
  const [bold, dim, cyan, yellow] = [ansi(1), ansi(2), ansi(36), ansi(33)]

  const hosts = layOut(
    [
      ['Address', 'What it is', 'Who can sign in', 'What to try'],
      [addresses.auth, 'the hub', 'all three users', 'start here'],
      [addresses.shop, 'lamp shop', 'shopper, clerk', 'sign in'],
      [addresses.news, 'newspaper', 'everybody', 'be known, sign out'],
      [addresses.staff, 'operations', 'clerk', 'come as shopper, too'],
    ],
    [cyan, String, String, dim],
    dim,
  )
  const users = layOut(
    [['User', 'Password', 'Admitted to'], ...readyUsers.map((user) => [user.sub, user.password, user.admittedTo])],
    [bold, yellow, String],
    dim,
  )

  return [
    '',
    `  ${bold('Isthmus')} ${dim('· one session over many domains')}`,
    '',
    ...hosts,
    '',
    ...users,
    '',
    `  ${dim('Put two side by side, sign out in one, watch the other.')} ${bold('Ctrl-C ends it.')}`,
    '',
  ].join('\n')
}

/** Aligns rows in columns: widths are counted before the paint, which takes no room. */
function layOut(rows: readonly (readonly string[])[], paints: readonly Paint[], paintHead: Paint): string[] {
  const widths = paints.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row, index) => {
    const cells = row.map((cell, column) => {
      const padded = column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)
      return index === 0 ? paintHead(padded) : (paints[column]?.(padded) ?? padded)
    })
    return `  ${cells.join('  ')}`
  })
}
