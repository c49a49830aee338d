/** What a page would believe of a hub that says it: newer, and of longer life, than anything the hub has said. */
export const FORGED_ANSWER = {
  site: 'shop',
  carrier: 'cookie',
  state: {
    status: 'signed-in',
    access: 'granted',
    sid: 'forged',
    user: { sub: 'u-forged', name: 'Forged' },
    expiresAt: 9e15,
    idleExpiresAt: 9e15,
    revision: 9e15,
  },
} as const
