/** The four hosts of the demo. `auth` is the hub's origin, the others are the three sites. */
export type Place = 'auth' | 'shop' | 'news' | 'staff'

/** The origin of every host at one port: `http://shop.localhost:4000`. */
export type Addresses = Readonly<Record<Place, string>>

/** Where the OpenID provider is: a name that resolves everywhere, because the hub's server asks it, too. */
export function issuerAt(port: number): string {
  return new URL(`http://localhost:${port}`).origin
}

/** Browsers resolve every name below `localhost` to loopback and count each as a site of its own. */
export function addressesAt(port: number): Addresses {
  const at = (place: Place): string => new URL(`http://${place}.localhost:${port}`).origin
  return { auth: at('auth'), shop: at('shop'), news: at('news'), staff: at('staff') }
}
