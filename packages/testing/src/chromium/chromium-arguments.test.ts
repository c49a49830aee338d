import { expect, test } from 'vitest'
import { readDefaultArguments, restoreUserDefaults } from './chromium-arguments.ts'

test("the installed Playwright's own switches are found and put right", async () => {
  const defaults = await readDefaultArguments()
  const features = defaults.find((argument) => argument.startsWith('--disable-features='))
  expect(features).toContain('ThirdPartyStoragePartitioning')

  const { ignore, add } = restoreUserDefaults(defaults)
  expect(ignore).toEqual(
    expect.arrayContaining([
      features,
      '--disable-back-forward-cache',
      '--disable-background-timer-throttling',
      '--disable-renderer-backgrounding',
    ]),
  )
  expect(ignore.every((argument) => defaults.includes(argument))).toBe(true)
  expect(add).toHaveLength(1)
  const others = features?.split(',').filter((feature) => feature !== 'ThirdPartyStoragePartitioning') ?? []
  expect(add[0]?.split(',')).toEqual(expect.arrayContaining([...others, 'WebUIOmniboxPopup']))
  expect(add[0]).not.toContain('ThirdPartyStoragePartitioning')
})

test('a Playwright that leaves partitioning on needs no change of features', () => {
  const defaults = ['--no-first-run', '--disable-features=Translate,LensOverlay']
  expect(restoreUserDefaults(defaults)).toEqual({ ignore: [], add: [] })
})
