import { expect, test } from 'vitest'
import { faultsOf } from './tag-faults.ts'

test('a script tag that is right, and marked by other programs, has no faults', () => {
  const dataset = {
    site: 'shop',
    link: 'manual',
    mirror: 'cookie',
    transport: 'fetch',
    timeoutMs: '2000',
    button: '#here',
  }
  expect(faultsOf({ ...dataset, turboTrack: 'reload', cfasync: 'false', nscript: 'afterInteractive' })).toEqual([])
})

test.each([
  [{ timeout: '2000' }, 'data-timeout is no option. Is data-timeout-ms meant?'],
  [{ mirrorpath: '/m' }, 'data-mirrorpath is no option. Is data-mirror meant?'],
  [{ link: 'click' }, 'data-link="click" is not understood; it is left out. It needs "auto" or "eager" or "manual".'],
  [{ timeoutMs: '2s' }, 'data-timeout-ms="2s" is not understood; it is left out. It needs a number of milliseconds.'],
  [{ transport: 'frame' }, 'data-transport="frame" is not understood; it is left out. It needs "fetch".'],
])('%o', (dataset, fault) => {
  expect(faultsOf(dataset)).toEqual([fault])
})
