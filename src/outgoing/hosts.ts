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

/** Endings of names that no public DNS resolves: of RFC 6761 and 6762, of clouds and of Kubernetes. */
const NAMES = /[^.]\.(?:local|internal|svc|cluster\.local|test|localhost)\.?$/
const SINGLE_LABEL = /^[^.]+$/

/** Whether a host, as {@link hostOf} gives it, is inside: it needs no public DNS and no public network. */
export function isInside(host: string): boolean {
  const version = isIP(host)
  if (version !== 0) return ADDRESSES.check(host, version === 4 ? 'ipv4' : 'ipv6')
  return SINGLE_LABEL.test(host) || NAMES.test(host)
}

const BRACKETS = /^\[|\]$/g
const ZONE = '%'
const DOTTED_NUMBERS = /^[\d.]+\.$/
/** No name is longer (RFC 1035, section 2.3.4), with the zone of an address to spare. */
const MAX_NAME = 300

/**
 * A host as all its spellings come down to, such as `0x7f.1` to `127.0.0.1` (WHATWG URL, section 3.5); undefined for what
 * is no host, or one and more.
 */
export function hostOf(name: string): string | undefined {
  if (name.length > MAX_NAME) return undefined
  const [bare = ''] = name.replace(BRACKETS, '').split(ZONE, 1)
  const isAddress = isIP(bare) === 6
  const text = `http://${isAddress ? `[${bare}]` : name}/`
  // An address with a dot behind it is a name to a resolver.
  if (!URL.canParse(text) || DOTTED_NUMBERS.test(name) || (name.includes(':') && !isAddress)) return undefined
  const { hostname, href } = new URL(text)
  return href === `http://${hostname}/` ? hostname.replace(BRACKETS, '') : undefined
}

const ANY_LABEL = '*.'

/** Whether a host is one of a list of names, where `*.shop.com` is every name below `shop.com`. */
export function isListed(host: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.startsWith(ANY_LABEL) ? host.endsWith(pattern.slice(1)) : host === pattern,
  )
}
