import type { Origin } from '@isthmus/protocol'
import { parse } from 'tldts'
import * as z from 'zod'

const EXAMPLE = '".shop.example"'

/** A domain that a site's cookies may be set for. Kept without the leading dot, which means nothing (RFC 6265 §5.2.3). */
export const cookieDomainSchema: z.ZodType<string, string> = z
  .string({ error: `needs a domain: ${EXAMPLE}` })
  .transform((text, context) => {
    const domain = text.replace(/^\./, '')
    const fault = faultOf(domain)
    if (!fault) return domain
    context.addIssue({ code: 'custom', message: `is ${JSON.stringify(text)}; ${fault}`, input: text })
    return z.NEVER
  })

function faultOf(domain: string): string | undefined {
  // The list has two parts. Browsers heed both: below github.io, too, live strangers.
  const { hostname, publicSuffix, domain: registrable, isIp } = parse(domain, { allowPrivateDomains: true })
  if (isIp) return 'an address has no domain, and cookies are host-only there: leave it out'
  if (hostname !== domain || !/^[a-z\d-]+(?:\.[a-z\d-]+)*$/.test(domain)) {
    return `write the bare domain, in lower case and with international letters as "xn--": ${EXAMPLE}`
  }
  if (registrable === null) {
    return `"${publicSuffix}" is a public suffix, below which strangers live: write your own domain, such as ${EXAMPLE}`
  }
  return undefined
}

/** Whether cookies for the domain reach the host of this origin. */
export function covers(domain: string, origin: Origin): boolean {
  const { hostname } = new URL(origin)
  return hostname === domain || hostname.endsWith(`.${domain}`)
}

/** The domains that {@link covers} holds of: the host of this origin, and all that it lies below. */
export function domainsOver(origin: Origin): string[] {
  const labels = new URL(origin).hostname.split('.')
  return labels.map((_, index) => labels.slice(index).join('.'))
}

/** The Domain attribute for cookies of a page on this origin: the first that covers its host. `undefined`: host-only. */
export function cookieDomainFor(origin: Origin, domains: readonly string[]): string | undefined {
  return domains.find((domain) => covers(domain, origin))
}
