import { BlockList, isIP } from 'node:net'

/** Loopback, private and link-local addresses (RFC 1122, 1918, 3927, 4193, 4291). */
const ADDRESSES = new BlockList()
for (const [network, prefix] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const) {
  ADDRESSES.addSubnet(network, prefix, 'ipv4')
}
ADDRESSES.addAddress('::1', 'ipv6')
ADDRESSES.addSubnet('fc00::', 7, 'ipv6')
ADDRESSES.addSubnet('fe80::', 10, 'ipv6')

/** Endings of names that public DNS does not resolve: those of RFC 6761 and 6762, of clouds and of Kubernetes. */
const NAMES = /[^.]\.(?:local|internal|svc|cluster\.local|test|localhost)\.?$/
const SINGLE_LABEL = /^[^.]+$/

/** Whether a host, as {@link hostOf} returns it, is inside: reached without public DNS and public networks. */
export function isInside(host: string): boolean {
  const version = isIP(host)
  if (version !== 0) return ADDRESSES.check(host, version === 4 ? 'ipv4' : 'ipv6')
  return SINGLE_LABEL.test(host) || NAMES.test(host)
}

const BRACKETS = /^\[|\]$/g
const ZONE = '%'
const DOTTED_NUMBERS = /^[\d.]+\.$/
/** Longer than any name (RFC 1035, section 2.3.4), with room for the zone of an address. */
const MAX_NAME = 300

/**
 * Returns the canonical form of a host, such as `127.0.0.1` for `0x7f.1` (WHATWG URL, section 3.5); undefined if the text is
 * anything but a host.
 */
export function hostOf(name: string): string | undefined {
  if (name.length > MAX_NAME) return undefined
  const [bare = ''] = name.replace(BRACKETS, '').split(ZONE, 1)
  const isAddress = isIP(bare) === 6
  const text = `http://${isAddress ? `[${bare}]` : name}/`
  // A resolver takes an address with a trailing dot for a name.
  if (!URL.canParse(text) || DOTTED_NUMBERS.test(name) || (name.includes(':') && !isAddress)) return undefined
  const { hostname, href } = new URL(text)
  return href === `http://${hostname}/` ? hostname.replace(BRACKETS, '') : undefined
}

const ANY_LABEL = '*.'

/** Whether a list of names contains a host; `*.shop.com` stands for every name below `shop.com`. */
export function isListed(host: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.startsWith(ANY_LABEL) ? host.endsWith(pattern.slice(1)) : host === pattern,
  )
}
