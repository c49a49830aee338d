import { IsthmusError } from '@isthmus/protocol'
import { describe, expect, it } from 'vitest'
import { createHub } from '../create-hub.ts'
import { memoryStore } from '../store/memory.ts'

/** What is typed wrongly here is typed wrongly by those who write JavaScript. */
type Loose = Record<string, unknown>

const good = (): Loose => ({ origin: 'https://auth.example', sites: [shop()], store: memoryStore() })
const shop = (changes: Loose = {}): Loose => ({ id: 'shop', origins: ['https://shop.example'], ...changes })

/** The error that a changed configuration ends in; a key without a value is left out. */
async function faultOf(changes: Loose): Promise<IsthmusError> {
  const config = Object.fromEntries(
    Object.entries({ ...good(), ...changes }).filter(([, value]) => value !== undefined),
  )
  const thrown = await createHub(config as never).then(
    (hub) => hub.close(),
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(IsthmusError)
  return thrown as IsthmusError
}

/** The origin that somebody wrote, and what the sentence says of it. */
const origins: [string, string][] = [
  ['https://a.example/', 'write the bare origin: "https://a.example"'],
  ['https://a.example/login', 'write the bare origin: "https://a.example"'],
  ['https://a.example?x', 'write the bare origin: "https://a.example"'],
  ['https://a.example:443', 'write the bare origin: "https://a.example"'],
  ['HTTPS://A.example', 'write the bare origin: "https://a.example"'],
  ['https://bücher.example', 'write the bare origin: "https://xn--bcher-kva.example"'],
  ['http://a.example', 'browsers keep no Secure cookie there: use https (http is for localhost and *.localhost)'],
  [
    'http://localhost.example',
    'browsers keep no Secure cookie there: use https (http is for localhost and *.localhost)',
  ],
  ['*', 'a wildcard stands for nothing here: list every origin by itself'],
  ['https://*', 'a wildcard stands for nothing here: list every origin by itself'],
  ['https://*.a.example', 'a wildcard stands for nothing here: list every origin by itself'],
  ...[
    'null',
    '',
    'a.example',
    '//a.example',
    'ftp://a.example',
    'javascript:alert(1)',
    'https://user@a.example',
    'https://user:password@a.example',
    'https://a.example ',
    'https://a.example\n',
    'https:\\\\a.example',
    "https://a.example;script-src'unsafe-inline'",
    'https://a.example,https',
    'https://"a".example',
  ].map((text): [string, string] => [
    text,
    'write scheme and host, and the port if it is not the default: "https://www.example.com"',
  ]),
]

describe('an origin that is none', () => {
  it.each(origins)('%j', async (text, cure) => {
    const own = await faultOf({ origin: text })
    expect(own.message).toBe(`createHub: origin is ${JSON.stringify(text)}; ${cure}.`)
    const ofSite = await faultOf({ sites: [shop({ origins: ['https://shop.example', text] })] })
    expect(ofSite.message).toBe(`createHub: sites[0].origins[1] is ${JSON.stringify(text)}; ${cure}.`)
  })
})

describe('an origin that browsers report', () => {
  it.each([
    'https://a.example',
    'https://a.example:8443',
    'https://xn--bcher-kva.example',
    'https://a_b.example',
    'https://192.0.2.1',
    'https://[2001:db8::1]:8443',
    'http://localhost',
    'http://localhost:4000',
    'http://auth.localhost:4000',
    'http://127.0.0.1:4000',
    'http://[::1]:4000',
  ])('%s is taken', async (origin) => {
    const hub = await createHub({ ...good(), origin, sites: [shop({ origins: [origin] })] } as never)
    await hub.close()
  })
})

const ID = 'a site id is 1 to 63 of a-z, 0-9 and inner "-", because it becomes part of a cookie name'
const STORE = 'needs lmdbStore({ path }) from "@isthmus/server/lmdb", or memoryStore() in tests'
const LOGIN_PATH = 'needs a path on the auth domain: one "/", then the rest'
const SITE_OPTIONS = 'id, name, origins, claims, groups, cookieDomains, backchannelLogoutUri, returnPaths, subject'
const HUB_OPTIONS =
  'origin, sites, store, loginPath, idleMs, absoluteMs, placeOf, metrics, metricsKey, limits, keySeal, pairwiseSecret, clock, timer'

const faults: [string, Loose, string][] = [
  ['no origin', { origin: undefined }, 'origin needs an exact origin: "https://www.example.com"'],
  ['origin of another type', { origin: 1 }, 'origin needs an exact origin: "https://www.example.com"'],
  ['no store', { store: undefined }, `store ${STORE}`],
  ['a path for a store', { store: './data' }, `store ${STORE}`],
  ['half a store', { store: { get() {}, write() {} } }, `store ${STORE}`],
  ['no sites', { sites: undefined }, 'sites needs a list of sites, or a function that gives one'],
  ['one site instead of a list', { sites: shop() }, 'sites needs a list of sites, or a function that gives one'],
  ['a site by name', { sites: ['shop'] }, 'sites[0] needs an object, not a string'],
  ['a site that is null', { sites: [shop(), null] }, 'sites[1] needs an object, not null'],
  [
    'a site without id',
    { sites: [{ origins: [] }] },
    'sites[0].id is missing; it needs a string; sites[0].origins needs at least one entry',
  ],
  [
    'two sites with one id',
    { sites: [shop(), shop()] },
    'sites[1].id is "shop", as that of another site; ids are unique',
  ],
  ['an id in capitals', { sites: [shop({ id: 'Shop' })] }, `sites[0].id is "Shop"; ${ID}`],
  ['an id that ends a cookie', { sites: [shop({ id: 'shop=1;' })] }, `sites[0].id is "shop=1;"; ${ID}`],
  ['an id with a dot', { sites: [shop({ id: 'shop.example' })] }, `sites[0].id is "shop.example"; ${ID}`],
  ['an empty id', { sites: [shop({ id: '' })] }, `sites[0].id is ""; ${ID}`],
  ['an id that is too long', { sites: [shop({ id: 'a'.repeat(64) })] }, `sites[0].id is "${'a'.repeat(64)}"; ${ID}`],
  ['a site without origins', { sites: [shop({ origins: undefined })] }, 'sites[0].origins is missing; it needs a list'],
  [
    'one origin instead of a list',
    { sites: [shop({ origins: 'https://shop.example' })] },
    'sites[0].origins needs a list, not a string',
  ],
  ['an empty name', { sites: [shop({ name: '' })] }, 'sites[0].name must not be empty'],
  [
    'sub among the claims',
    { sites: [shop({ claims: ['name', 'sub'] })] },
    'sites[0].claims[1] is "sub", which every site sees; list the other claims',
  ],
  ['a claim that is no name', { sites: [shop({ claims: [{}] })] }, 'sites[0].claims[0] needs a string, not an object'],
  ['groups as a list', { sites: [shop({ groups: ['staff'] })] }, 'sites[0].groups needs an object, not a list'],
  ['no group of many', { sites: [shop({ groups: { anyOf: [] } })] }, 'sites[0].groups.anyOf needs at least one entry'],
  [
    'a misspelt rule for groups',
    { sites: [shop({ groups: { any: ['staff'] } })] },
    'sites[0].groups.any is no option; there are anyOf, allOf',
  ],
  ...(
    [
      ['http://shop.example/bye', 'use https (http is for loopback hosts)'],
      ['http://localhost.example/bye', 'use https (http is for loopback hosts)'],
      ...[
        '/backchannel-logout',
        'shop.example/bye',
        'ftp://shop.example/bye',
        'https://user:password@shop.example/bye',
        'https://shop.example/bye#here',
        'https://*.shop.example/bye',
        'https://shop.example\\@evil.example/bye',
        'https://shop.example/bye\r\nX: y',
        '',
      ].map((uri) => [
        uri,
        'write an absolute URL without user info or fragment: "https://www.example.com/backchannel-logout"',
      ]),
    ] as [string, string][]
  ).map(([uri, cure]): [string, Loose, string] => [
    `a back-channel at ${JSON.stringify(uri)}`,
    { sites: [shop({ backchannelLogoutUri: uri })] },
    `sites[0].backchannelLogoutUri is ${JSON.stringify(uri)}; ${cure}`,
  ]),
  [
    'a misspelt option of a site',
    { sites: [shop({ claim: ['name'] })] },
    `sites[0].claim is no option; there are ${SITE_OPTIONS}`,
  ],
  [
    'two misspelt options',
    { site: [], 'login-path': '/' },
    `site is no option; there are ${HUB_OPTIONS}; ["login-path"] is no option; there are ${HUB_OPTIONS}`,
  ],
  ['a login page elsewhere', { loginPath: '//evil' }, `loginPath ${LOGIN_PATH}`],
  ['a login page elsewhere, by backslash', { loginPath: '/\\evil' }, `loginPath ${LOGIN_PATH}`],
  ['a login page elsewhere, by a tab that browsers drop', { loginPath: '/\t/evil' }, `loginPath ${LOGIN_PATH}`],
  ['a login page as URL', { loginPath: 'https://auth.example/login' }, `loginPath ${LOGIN_PATH}`],
  ['no idle time', { idleMs: 0 }, 'idleMs needs a number above 0'],
  ['half a millisecond', { absoluteMs: 0.5 }, 'absoluteMs needs a whole number, not 0.5'],
  ['a time that is no number', { idleMs: Number.NaN }, 'idleMs needs a number, not NaN'],
  ['a place for a function', { placeOf: 'Berlin' }, 'placeOf needs a function of the request'],
  ['a word for a switch', { metrics: 'yes' }, 'metrics needs a boolean, not a string'],
  [
    'a short key for the metrics',
    { metricsKey: 'short' },
    'metricsKey has 5 characters, and 32 are the least: "openssl rand -base64 32" makes one',
  ],
  ['a time for a clock', { clock: 1 }, 'clock needs a function like Date.now'],
  ['a time for a timer', { timer: 1 }, 'timer needs a function of milliseconds and a callback'],
]

describe('a back-channel', () => {
  it.each(['https://shop.example/bye?x=1', 'http://localhost:4000/bye', 'http://127.0.0.1:4000/', 'http://[::1]/bye'])(
    'at %s is taken',
    async (backchannelLogoutUri) => {
      const hub = await createHub({ ...good(), sites: [shop({ backchannelLogoutUri })] } as never)
      await hub.close()
    },
  )
})

describe('a configuration that is wrong', () => {
  it.each(faults)('%s', async (_, changes, sentence) => {
    const fault = await faultOf(changes)
    expect(fault).toMatchObject({ code: 'config-invalid', message: `createHub: ${sentence}.` })
    expect(fault.cause).toMatchObject({ name: 'ZodError' })
  })

  it('is told all at once', async () => {
    const fault = await faultOf({ origin: 'null', loginPath: 'login', sites: 7 })
    expect(fault.message.match(/(origin|sites|loginPath) /g)).toEqual(['origin ', 'sites ', 'loginPath '])
  })

  it.each([undefined, null, 'https://auth.example'])('%j instead of an object', async (config) => {
    const thrown = createHub(config as never)
    await expect(thrown).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/needs an object/),
    })
  })
})
