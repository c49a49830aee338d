/** What each attribute of the script tag may say; `undefined`: any text. */
const ATTRIBUTES: Readonly<Record<string, RegExp | undefined>> = {
  hub: undefined,
  site: undefined,
  link: /^(?:auto|eager|manual)$/,
  mirror: /^(?:cookie|endpoint)$/,
  mirrorPath: undefined,
  transport: /^fetch$/,
  timeoutMs: /^[1-9]\d*$/,
  button: undefined,
}

/**
 * What is wrong with the attributes of the script tag, one sentence each. Other programs mark script tags, too
 * (`data-turbo-track`, `data-cfasync`): only what looks like one of ours is called wrong.
 */
export function faultsOf(dataset: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(dataset).flatMap(([name, value = '']) => {
    if (!Object.hasOwn(ATTRIBUTES, name)) {
      const meant = Object.keys(ATTRIBUTES).find((one) => one.slice(0, 3) === name.slice(0, 3))
      return meant ? [`${attribute(name)} is no option. Is ${attribute(meant)} meant?`] : []
    }
    const allowed = ATTRIBUTES[name]
    if (!allowed || allowed.test(value)) return []
    return [`${attribute(name)}="${value}" is not understood; it is left out. It needs ${inWords(allowed)}.`]
  })
}

function attribute(name: string): string {
  return `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function inWords({ source }: RegExp): string {
  const names = source.match(/[a-z]{2,}/g)
  return names ? names.map((name) => `"${name}"`).join(' or ') : 'a number of milliseconds'
}
