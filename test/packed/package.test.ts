import { cp, mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expect, inject, test } from 'vitest'
import { BARE_ENV, run } from './process.js'

const pkgDir = join(inject('project'), 'node_modules/waybill')

const EXPORTS = {
  waybill: [
    'WaybillError',
    'createLogger',
    'currentRequest',
    'default',
    'log',
    'module.exports',
    'propagationHeaders',
    'requestId',
    'waybill',
  ],
  'waybill/express': [
    'WaybillError',
    'createLogger',
    'currentRequest',
    'default',
    'log',
    'module.exports',
    'propagationHeaders',
    'requestId',
    'waybill',
  ],
  'waybill/http': [
    'WaybillError',
    'createLogger',
    'currentRequest',
    'default',
    'log',
    'module.exports',
    'propagationHeaders',
    'requestId',
    'waybill',
  ],
}

// Neither project has the framework of the other: what needs it would fail here.
test.each([
  ['waybill', 'project'],
  ['waybill', 'expressProject'],
  ['waybill/express', 'project'],
  ['waybill/express', 'expressProject'],
  ['waybill/http', 'project'],
  ['waybill/http', 'expressProject'],
] as const)('%s exports what it documents and nothing else, in the %s', async (name, project) => {
  const program = `console.log(JSON.stringify(Object.keys(await import('${name}'))))`
  const { stdout, stderr } = await run(
    process.execPath,
    ['--input-type=module', '--eval', program],
    inject(project),
    BARE_ENV,
  )
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual(EXPORTS[name])
})

test('installs no framework by itself', async () => {
  const [withFastify, withExpress] = await Promise.all(
    (['project', 'expressProject'] as const).map((name) => readdir(join(inject(name), 'node_modules'))),
  )
  expect(withFastify).not.toContain('express')
  expect(withExpress).not.toContain('fastify')
})

test('carries compiled code, its types, the documentation, and the files to deploy with and for lnav, and nothing else', async () => {
  const entries = await readdir(pkgDir, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const others = files
    .map((file) => file.slice(pkgDir.length + 1))
    .filter((file) => !/^dist\/.*(?:\.js|\.d\.ts)$/.test(file))
    .filter((file) => !/^docs\/[a-z-]+\.(?:md|svg)$|^examples\/deploy\//.test(file))
  expect(others.sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'examples/lnav/waybill.json',
    'package.json',
  ])
  expect(
    files.filter(
      (file) => !file.includes('/docs/') && /test|bench|isolate|\.map$/i.test(file.slice(pkgDir.length)),
    ),
  ).toEqual([])
})

const MAX_PACKAGES = 16
const MAX_BYTES = 4_000_000
const MAX_TARBALL_BYTES = 250_000

test('installs at most 16 packages and 4 MB, itself included, in an empty folder', async () => {
  const installed = join(inject('bareProject'), 'node_modules')
  const files = (await readdir(installed, { recursive: true, withFileTypes: true })).filter((each) =>
    each.isFile(),
  )
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  const packages = paths.filter((path) => /\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path))
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  expect(packages.length, packages.join('\n')).toBeLessThanOrEqual(MAX_PACKAGES)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MAX_BYTES)
})

test('is downloaded in at most 250 kB', async () => {
  expect((await stat(inject('tarball'))).size).toBeLessThanOrEqual(MAX_TARBALL_BYTES)
})

test('is developed with packages that all support this release of Node.js', async () => {
  const folder = join(inject('scratch'), 'developed')
  await mkdir(folder)
  for (const name of ['package.json', 'package-lock.json'])
    await cp(fileURLToPath(new URL(`../../${name}`, import.meta.url)), join(folder, name))
  const { by, stderr } = await run('npm', ['ci', '--dry-run', '--ignore-scripts', '--loglevel=warn'], folder)
  expect({ by, stderr }).toEqual({ by: 0, stderr: '' })
})

test('gives publint no reason for an error or a warning', async () => {
  const { messages, pkg } = await publint({ pkgDir, pack: false, level: 'warning' })
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
})
