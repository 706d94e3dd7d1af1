import { expect, test } from 'vitest'
import { hostOf, isInside, isListed } from '../../src/outgoing/hosts.js'

function isHostInside(name: string): boolean {
  const host = hostOf(name)
  return host !== undefined && isInside(host)
}

test.each([
  'localhost',
  'LOCALHOST',
  'orders',
  'orders.local',
  'orders.internal',
  'orders.default.svc',
  'orders.default.svc.cluster.local',
  'orders.default.svc.cluster.local.',
  'shop.test',
  'app.localhost',
  '127.0.0.1',
  '127.255.255.254',
  '10.0.0.7',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '::1',
  '[::1]',
  'fd00::1',
  'fe80::1%eth0',
  '::ffff:10.0.0.7',
  '[::ffff:a00:7]',
  // What a resolver makes of numbers: 127.0.0.1, 127.0.0.1, 10.0.0.1.
  '2130706433',
  '0177.0.0.1',
  '0x0a.1',
])('%s is inside', (name) => {
  expect(isHostInside(name)).toBe(true)
})

test.each([
  'example.com',
  '127.0.0.1.evil.com',
  '10.evil.com',
  'localhost.evil.com',
  'orders.internal.evil.com',
  'evilinternal.com',
  'evil.com.',
  '8.8.8.8',
  '11.0.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '192.169.0.1',
  '100.64.0.1',
  '0.0.0.0',
  '::',
  '2001:db8::1',
  '[::ffff:8.8.8.8]',
  '::ffff:808:808',
  '[64:ff9b::a00:7]',
  '134744072',
  '010.8.8.8.evil.com',
  '010.8.8.8',
  '0x08.0x08.0x08.0x08',
  'orders.',
  'localhost.',
  '127.0.0.1.',
  'orders@evil.com',
  'user:orders@evil.com',
  'orders/evil.com',
  'evil.com#.internal',
  'evil.com?.internal',
  'evil.com\\.internal',
  'evil.com:80',
  'orders:80',
  'a b',
  '',
  '.internal',
])('%s is not inside', (name) => {
  expect(isHostInside(name)).toBe(false)
})

test('a list holds hosts, or all subdomains of one', () => {
  const patterns = ['api.partner.com', '*.shop.com']
  expect(['api.partner.com', 'eu.shop.com', 'a.eu.shop.com'].every((host) => isListed(host, patterns))).toBe(
    true,
  )
  expect(
    ['partner.com', 'shop.com', 'evilshop.com', 'eu.shop.com.evil.com'].some((host) =>
      isListed(host, patterns),
    ),
  ).toBe(false)
})
