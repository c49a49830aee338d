import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchChromium } from '@isthmus/testing'
import { signInAtHub, status } from './acts.ts'
import { expect, test } from './fixtures.ts'

/** A browser extension that blocks frames of one domain, as ad-blockers do: by a rule, in the network. */
async function createBlocker(domain: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'isthmus-blocker-'))
  const rules = [
    { id: 1, action: { type: 'block' }, condition: { urlFilter: `||${domain}^`, resourceTypes: ['sub_frame'] } },
  ]
  const manifest = {
    manifest_version: 3,
    name: 'Blocker',
    version: '1',
    permissions: ['declarativeNetRequest'],
    host_permissions: ['<all_urls>'],
    declarative_net_request: { rule_resources: [{ id: 'rules', enabled: true, path: 'rules.json' }] },
  }
  await writeFile(join(folder, 'rules.json'), JSON.stringify(rules))
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
  return folder
}

test('an extension that blocks the frame is named, and signing out still works: at the hub', async ({
  world,
  certificate,
  thirdPartyCookies,
}) => {
  const blocker = await createBlocker(world.names.hub)
  try {
    await using browser = await launchChromium({
      thirdPartyCookies,
      certificate,
      args: [`--disable-extensions-except=${blocker}`, `--load-extension=${blocker}`],
    })
    world.serve('shop', { options: { timeoutMs: 2000 } })
    const shop = await browser.newPage()
    const lines: string[] = []
    shop.on('console', (line) => lines.push(line.text()))
    await signInAtHub(shop, world.url('hub', ''), 'customer')
    await shop.goto(world.url('shop'))
    await expect(status(shop)).toHaveText('unknown: blocked')
    await expect.poll(() => lines.join('\n')).toContain('isthmus: frame-silent: ')
    expect(world.hosts.requests.filter(({ path }) => path.startsWith('/isthmus/hub'))).toEqual([])

    expect(await world.hub.sessions.list('u-customer')).toHaveLength(1)
    await shop.evaluate('void session.signOut()')
    await expect.poll(() => world.hub.sessions.list('u-customer')).toEqual([])
  } finally {
    await rm(blocker, { recursive: true })
  }
})
