/** Every word that people read on the hub's own pages. */
export const STRINGS = {
  continueWith: (host: string): string => `Continue with ${host}`,

  errorTitle: 'This link does not work',
  errorAdvice: 'Nothing was changed. Go back to where you came from and try again.',

  backTo: (site: string): string => `Back to ${site}`,

  chooserTitle: 'Sign in with …',

  goOnTitle: 'One moment …',
  goOn: 'Continue',

  visitTitle: (host: string): string => `Continue to ${host}?`,
  visitText: (host: string): string =>
    `Another page sent you here. If you continue, ${host} learns whether you are signed in, and as whom.`,
  visitAdvice: 'If you did not expect this, close this page. Nothing was changed.',
  doContinue: 'Continue',

  confirmTitle: 'Sign out everywhere?',
  confirmText: 'This ends your session on every site that uses this sign-in.',
  signOut: 'Sign out',
  signOutEverywhere: 'Sign out everywhere',

  signedOutTitle: 'You are signed out',
  signedOutText: 'Your session has ended on every site that uses this sign-in, in every open tab.',
  sitesTitle: 'Sites you used',
  siteInBrowser: 'Signed out in your browser',
  siteConfirmed: 'Signed out, and its server has confirmed',
  siteRetrying: 'Signed out in your browser. Its server has not answered; it is told again until it does',
  siteGivenUp: 'Signed out in your browser. Its server could not be told',
  sitesWaiting: 'Telling the servers of your sites …',
  allConfirmed: 'Every site has been told.',
  notAllConfirmed: 'You need not wait: what is missing is done without you.',

  stillInTitle: 'You are signed in',
  stillInText: 'There is a session in this browser, on every site that uses this sign-in.',
  toAccount: 'Your sessions',

  accountTitle: 'Your sessions',
  accountUser: 'Signed in as',
  accountText: 'Every browser in which you are signed in. Sign out what you do not recognize.',
  thisBrowser: 'This browser',
  deviceOn: (browser: string, system: string): string => `${browser} on ${system}`,
  unknownDevice: 'Unknown device',
  place: 'From',
  began: 'Signed in',
  lastSeen: 'Last active',
  sites: 'Sites',
  noSites: 'None yet',
  endNamed: (device: string, began: string): string => `Sign out ${device}, signed in ${began}`,
  endOthers: 'Sign out all others',
  othersText: (count: number): string =>
    count === 1 ? 'There is one other session.' : `There are ${count} other sessions.`,
  noOthers: 'You are signed in nowhere else.',
  justNow: 'just now',
} as const

/** The language of {@link STRINGS}, for browsers, screen readers and times. */
export const LANGUAGE = 'en'
