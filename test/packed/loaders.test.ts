import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, inject, test } from 'vitest'
import { appOf, bodyOf, expectEvents } from './apps.js'
import { BARE_ENV, type Ended, run } from './process.js'

const TOOLS = inject('tools')
const bin = (path: string) => join(TOOLS, 'node_modules', path)
const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isFrom = (least: number, since: number) => major > least || (major === least && minor >= since)

let made = 0

/** Writes files into a folder of its own in the project that has Fastify. */
async function folderOf(type: 'module' | 'commonjs', files: Record<string, string>): Promise<string> {
  const folder = join(inject('project'), `loaded-${process.pid}-${made++}`)
  await mkdir(folder)
  const all = { 'package.json': JSON.stringify({ type }), 'tsconfig.json': TSCONFIG, ...files }
  await Promise.all(Object.entries(all).map(([name, text]) => writeFile(join(folder, name), text)))
  return folder
}

const TSCONFIG = JSON.stringify({
  compilerOptions: { module: 'nodenext', target: 'es2022', strict: true, types: ['node'] },
})

function runNode(folder: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return run(process.execPath, args, folder, { ...BARE_ENV, ...env })
}

async function expectToWork(...program: Parameters<typeof runNode>): Promise<void> {
  const { by, stdout, stderr } = await runNode(...program)
  expect(by, stdout + stderr).toBe(0)
  expectEvents(stdout)
}

const TSX = bin('tsx/dist/cli.mjs')
const TS_NODE = bin('ts-node/dist/bin.js')

test.each([
  ['an ES module', 'module', 'app.ts'],
  ['CommonJS', 'commonjs', 'app.ts'],
] as const)('tsx runs TypeScript with it, as %s', async (_name, type, file) => {
  const folder = await folderOf(type, { [file]: appOf('fastify') })
  await expectToWork(folder, [TSX, file])
})

test.skipIf(!isFrom(22, 0))(
  'tsx runs a .cts file with it (skipped before Node.js 22, where no ES module of several files can be loaded so)',
  async () => {
    const folder = await folderOf('module', { 'app.cts': appOf('fastify') })
    await expectToWork(folder, [TSX, 'app.cts'])
  },
)

test('ts-node checks and runs CommonJS with it', async () => {
  const folder = await folderOf('commonjs', { 'app.ts': appOf('fastify') })
  await expectToWork(folder, [TS_NODE, 'app.ts'])
})

test('the loader of ts-node runs an ES module with it', async () => {
  const folder = await folderOf('module', { 'app.ts': appOf('fastify') })
  const loader = ['--no-warnings', '--loader', bin('ts-node/esm/transpile-only.mjs')]
  await expectToWork(folder, [...loader, 'app.ts'])
})

test.skipIf(!isFrom(22, 18)).each([
  ['an ES module', 'module', appOf('fastify')],
  [
    'CommonJS',
    'commonjs',
    `const waybill: typeof import('waybill').default = require('waybill')
    const { createLogger }: typeof import('waybill') = require('waybill')
    const Fastify: typeof import('fastify').default = require('fastify')
    async function main(): Promise<void> {${bodyOf('fastify')}}
    main()`,
  ],
] as const)(
  'Node.js strips the types of a program with it, of %s (skipped before Node.js 22.18)',
  async (_name, type, source) => {
    const folder = await folderOf(type, { 'app.ts': source })
    await expectToWork(folder, ['app.ts'])
  },
)

const JEST_TEST = `
  const Fastify = require('fastify')
  const waybill = require('waybill')
  const { createLogger } = waybill

  test('answers', async () => {
    process.stdout.write(JSON.stringify({ required: typeof waybill, isDefault: waybill.default === waybill.waybill }) + '\\n')
    ${bodyOf('fastify')}
  })
  test('answers without a framework', async () => {
    const http = require('node:http')
    const { waybill, createLogger } = require('waybill/http')
    ${bodyOf('http')}
  })
  test('loads for Express', () => {
    expect(require('waybill/express').waybill()).toEqual(expect.any(Function))
  })
`
const JEST_CONFIG = {
  // The folder is that of a project which has its packages one above.
  transform: {
    '\\.js$': [
      bin('babel-jest'),
      { presets: [[bin('@babel/preset-env'), { targets: { node: 'current' } }]] },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!waybill/)'],
}

async function runJest(config: object, flags: readonly string[] = []): Promise<Ended> {
  const folder = await folderOf('commonjs', {
    'app.test.js': JEST_TEST,
    'jest.config.json': JSON.stringify(config),
  })
  const jest = [
    bin('jest/bin/jest.js'),
    '--runInBand',
    '--watchman=false',
    '--testTimeout=60000',
    '--cacheDirectory',
    join(folder, 'cache'),
  ]
  return await runNode(folder, [...flags, ...jest])
}

test('Jest loads it with require when its files are transformed, as an object with the function as its default', async () => {
  const { by, stdout, stderr } = await runJest(JEST_CONFIG)
  expect(by, stderr).toBe(0)
  expect(stdout).toContain(JSON.stringify({ required: 'object', isDefault: true }))
  expectEvents(stdout)
})

test('Jest names what to do when its files are not transformed', async () => {
  const { by, stderr } = await runJest({})
  expect(by).toBe(1)
  expect(stderr).toContain('transformIgnorePatterns')
})

test.skipIf(!isFrom(24, 9))(
  'Jest with --experimental-vm-modules loads it untransformed, as the function (skipped before Node.js 24.9)',
  async () => {
    const { by, stdout, stderr } = await runJest({}, ['--experimental-vm-modules'])
    expect(by, stderr).toBe(0)
    expect(stdout).toContain(JSON.stringify({ required: 'function', isDefault: true }))
    expectEvents(stdout)
  },
)

test.each(['threads', 'forks'])(
  'a test of Vitest runs with it in the pool of %s, and shows its lines',
  async (pool) => {
    const source = `
    import Fastify from 'fastify'
    import waybill, { createLogger } from 'waybill'
    test('answers', async () => {${bodyOf('fastify')}})
  `
    const folder = await folderOf('module', { 'app.test.js': source })
    await expectToWork(folder, [
      VITEST,
      'run',
      '--globals',
      '--testTimeout=60000',
      `--pool=${pool}`,
      '--root',
      folder,
    ])
  },
)
