export { type Certificate, createCertificate } from './certificate.ts'
export { type Chromium, type ChromiumOptions, launchChromium, type ThirdPartyCookies } from './chromium.ts'
export { ensureChromium, findChromium } from './engines.ts'
export { type HostHandler, type Hosts, type HostsOptions, startHosts } from './hosts.ts'
