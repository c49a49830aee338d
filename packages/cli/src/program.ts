import { readFileSync } from 'node:fs'
import { originOf } from '@isthmus/protocol'
import { Command, Option } from 'commander'
import { serve } from './commands/serve.ts'
import { loadConfig } from './config/load-config.ts'
import { conform } from './conformance/conform.ts'
import { operate } from './control.ts'
import { type Certainty, examine } from './doctor/examine.ts'
import { createOutput, EXIT, type Output } from './output.ts'

interface Common {
  readonly json?: boolean
  readonly config?: string
}

/** The command line. What a command finds is written by its {@link Output}; its exit code is set on the process. */
export function createProgram(end: AbortSignal, setExitCode: (code: number) => void): Command {
  const { version, description } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const program = new Command('isthmus')
    .description(description)
    .version(version)
    .showHelpAfterError('(isthmus --help tells what there is)')
    .addHelpText(
      'after',
      '\nExit codes: 0 well · 1 something was found, or there is no such session or key · 2 wrong call or configuration · 3 failed',
    )

  const json = (): Option => new Option('--json', 'one JSON document on stdout, for programs')
  const config = (): Option =>
    new Option('-c, --config <file>', 'isthmus.config.ts, .mjs, .js, .json or .yaml; default: the one in this folder')

  function verdict(output: Output, isWell: boolean, value: unknown, text: string): void {
    output.result(value, text)
    if (!isWell) setExitCode(EXIT.found)
  }

  program
    .command('serve')
    .description('Serve the hub, until SIGTERM or SIGINT')
    .addOption(config())
    .addOption(json())
    .action(async ({ json, config }: Common) => serve(await loadConfig(config), createOutput(json), end))

  program
    .command('check-config')
    .description('Say what is wrong in a configuration: key, file, line, and the cure. Opens no store')
    .addOption(config())
    .addOption(json())
    .action(async ({ json, config }: Common) => {
      const { file, hub, store, listen } = await loadConfig(config)
      createOutput(json).result(
        { ok: true, file, origin: hub.origin, store: placeOf(store), listen },
        `${file} is well.`,
      )
    })

  const keys = program.command('keys').description('The keys that tokens are signed with')
  keys
    .command('list')
    .description('The keys, since when each signs, and whether the store holds it sealed')
    .addOption(config())
    .addOption(json())
    .action(async ({ json, config }: Common) => {
      const found = await operate(await loadConfig(config), (hub) => hub.keysList())
      createOutput(json).result(
        found,
        found
          .map(
            ({ kid, signsFrom, sealed }) =>
              `${kid}  signs from ${timeOf(signsFrom)}  ${sealed ? 'sealed' : 'not sealed'}`,
          )
          .join('\n'),
      )
    })
  keys
    .command('rotate')
    .description('Publish the next key now; it signs a quarter of an hour later, when every site has read it')
    .addOption(config())
    .addOption(json())
    .action(async ({ json, config }: Common) => {
      const key = await operate(await loadConfig(config), (hub) => hub.keysRotate())
      createOutput(json).result(key, `${key.kid} is published, and signs from ${timeOf(key.signsFrom)}.`)
    })
  keys
    .command('revoke')
    .description('Throw a key away that got into wrong hands. Sites follow within a minute')
    .argument('<kid>')
    .addOption(config())
    .addOption(json())
    .action(async (kid: string, { json, config }: Common) => {
      const ok = await operate(await loadConfig(config), (hub) => hub.keysRevoke(kid))
      verdict(createOutput(json), ok, { revoked: ok, kid }, ok ? `${kid} signs no more.` : `There is no key ${kid}.`)
    })

  const sessions = program.command('sessions').description('The sessions of a user')
  sessions
    .command('list')
    .description('The live sessions of a user')
    .argument('<sub>', 'your own id of the user')
    .addOption(config())
    .addOption(json())
    .action(async (sub: string, { json, config }: Common) => {
      const found = await operate(await loadConfig(config), (hub) => hub.sessionsList(sub))
      const lines = found.map(({ sid, createdAt, device, sites }) =>
        [sid, `since ${timeOf(createdAt)}`, device.browser ?? '', sites.map(({ site }) => site).join(', ')].join('  '),
      )
      createOutput(json).result(found, lines.join('\n') || `${sub} has no live session.`)
    })
  sessions
    .command('revoke')
    .description('End a session, or with --user all of a user; every open page hears of it')
    .argument('[sid]')
    .option('--user <sub>', 'all sessions of this user')
    .addOption(config())
    .addOption(json())
    .action(async (sid: string | undefined, { json, config, user }: Common & { user?: string }) => {
      if ((sid === undefined) === (user === undefined))
        program.error('error: name one session, or one user by --user', USAGE)
      const loaded = await loadConfig(config)
      const count = await operate(loaded, async (hub) =>
        user !== undefined ? hub.sessionsRevokeAll(user) : Number(await hub.sessionsRevoke(sid as string)),
      )
      const text = count === 1 ? '1 session ended.' : `${count || 'No'} sessions ended.`
      verdict(createOutput(json), user !== undefined || count > 0, { ended: count }, text)
    })

  const subjects = program.command('subjects').description('What is kept of a user')
  subjects
    .command('export')
    .description('All that the hub keeps of a user, as JSON')
    .argument('<sub>', 'your own id of the user')
    .addOption(config())
    .addOption(json())
    .action(async (sub: string, { json, config }: Common) => {
      const found = await operate(await loadConfig(config), (hub) => hub.subjectsExport(sub))
      createOutput(json).result(found, JSON.stringify(found, null, 2))
    })
  subjects
    .command('erase')
    .description('End all sessions of a user, and take away what names the user in those that ended')
    .argument('<sub>', 'your own id of the user')
    .addOption(config())
    .addOption(json())
    .action(async (sub: string, { json, config }: Common) => {
      const count = await operate(await loadConfig(config), (hub) => hub.subjectsErase(sub))
      createOutput(json).result({ erased: count }, `${sub} is named in no session any more (${count} before).`)
    })

  program
    .command('doctor')
    .description('Examine a deployment from outside: names each fault, and its cure')
    .argument('<hub>', 'origin of the auth domain: https://auth.example.com')
    .option('--site <url>', 'a page of a site; may be given several times', collect)
    .option('--logout <path>', "path of the sites' backchannelLogoutUri", '/isthmus/backchannel-logout')
    .addOption(json())
    .action(async (hub: string, options: { json?: boolean; site?: string[]; logout: string }) => {
      const output = createOutput(options.json)
      const findings = await examine({ hub, sites: options.site ?? [], logoutPath: options.logout })
      const lines = findings.map(({ level, what, cure }) => `${MARKS[level]} ${what}${cure ? `\n  → ${cure}` : ''}`)
      const faults = findings.filter(({ level }) => level === 'fault').length
      const text = [...lines, faults === 0 ? 'No fault was found.' : `${faults} to mend.`].join('\n')
      verdict(output, faults === 0, { ok: faults === 0, findings }, text)
    })

  program
    .command('conformance')
    .description('Play hub and browser against a running back end, in any language: a verdict a line')
    .argument('<url>', 'where the back end answers: http://localhost:8080')
    .option('--members <path>', 'a path that is 200 for signed-in users, else 401 or a redirect', '/members')
    .option('--logout <path>', 'the path that takes logout tokens', '/isthmus/backchannel-logout')
    .option('--site <id>', 'the site id that the back end is set to', 'conformance')
    .option('--mirror <kind>', 'the cookie that the back end reads: cookie or endpoint', 'cookie')
    .option('--port <number>', 'where the keys are published, on 127.0.0.1', '4499')
    .option('--hub <origin>', 'the hub that the back end is set to; default: http://localhost:<port>')
    .addOption(json())
    .action(async (url: string, options: ConformanceOptions) => {
      const output = createOutput(options.json)
      const { mirror, port } = options
      if (mirror !== 'cookie' && mirror !== 'endpoint')
        return program.error('error: --mirror is cookie or endpoint', USAGE)
      if (!/^\d{1,5}$/.test(port)) return program.error('error: --port is a number', USAGE)
      if (originOf(url) === undefined) {
        return program.error(`error: "${url}" is no address; write a whole one, such as http://localhost:8080`, USAGE)
      }
      const results = await conform({
        url,
        members: options.members,
        logout: options.logout,
        site: options.site,
        mirror,
        port: Number(port),
        ...(options.hub !== undefined && { hub: options.hub }),
        progress: output.progress,
        onResult: ({ ok, name, saw }) => output.line(`${ok ? 'ok  ' : 'FAIL'} ${name}${ok ? '' : `: ${saw}`}`),
      })
      const failed = results.filter(({ ok }) => !ok).length
      const text = failed === 0 ? 'This back end conforms.' : `${failed} of ${results.length} fail.`
      verdict(output, failed === 0, { ok: failed === 0, results }, text)
    })

  for (const command of [program, ...descendants(program)]) command.exitOverride()
  return program
}

interface ConformanceOptions {
  readonly json?: boolean
  readonly members: string
  readonly logout: string
  readonly site: string
  readonly mirror: string
  readonly port: string
  readonly hub?: string
}

const USAGE = { exitCode: EXIT.usage, code: 'isthmus.usage' }

const MARKS: Readonly<Record<Certainty, string>> = { good: '✓', note: '·', fault: '✗' }

function descendants(command: Command): Command[] {
  return command.commands.flatMap((child) => [child as Command, ...descendants(child as Command)])
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

/** A store without the password that its address may hold. */
function placeOf(store: string): string {
  return store.replace(/(?<=:\/\/)[^@/]*@/, '')
}
