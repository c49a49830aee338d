/** Under require-trusted-types-for a worker's address must come from a policy, made once (Trusted Types §4.3). */
export function trustScriptUrl(url: string): string {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown } }
  }
  const policy = trustedTypes?.createPolicy('isthmus', { createScriptURL: (text: string) => text })
  return (policy?.createScriptURL(url) ?? url) as string
}
