import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { appOf, expectEvents, type Form, type Framework } from './apps.js'
import { BARE_ENV, run } from './process.js'

const TOOLS = inject('tools')
const bin = (path: string) => join(TOOLS, 'node_modules', path)

type File = 'index.mjs' | 'index.cjs'

/** Says how to bundle the program `entry` into the file `index.mjs` or `index.cjs` of a folder: the arguments of Node.js. */
type Bundler = (entry: string, folder: string) => readonly string[]

const esbuild =
  (file: File, ...flags: string[]): Bundler =>
  (entry, folder) => [
    bin('esbuild/bin/esbuild'),
    entry,
    '--bundle',
    '--platform=node',
    '--log-level=warning',
    `--format=${file === 'index.mjs' ? 'esm' : 'cjs'}`,
    `--outfile=${join(folder, file)}`,
    ...flags,
  ]

/** What esbuild needs to put packages that call `require` into an ES module. */
const CREATE_REQUIRE =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

const rollup =
  (file: File, format: 'es' | 'cjs', commonjs = '@rollup/plugin-commonjs'): Bundler =>
  (entry, folder) => [
    bin('rollup/dist/bin/rollup'),
    entry,
    '--silent',
    '--inlineDynamicImports',
    '--plugin=@rollup/plugin-node-resolve={preferBuiltins:true}',
    `--plugin=${commonjs}`,
    '--plugin=@rollup/plugin-json',
    `--format=${format}`,
    `--file=${join(folder, file)}`,
  ]

const WEBPACK = `
  import webpack from 'webpack'
  const [mode, entry, path] = process.argv.slice(-3)
  webpack({ mode, target: 'node', entry, output: { path, filename: 'index.cjs' } }, (error, stats) => {
    if (error) throw error
    console.error(stats.toString('errors-warnings'))
    process.exitCode = stats.hasErrors() ? 1 : 0
  })
`
const webpack =
  (mode: 'production' | 'development'): Bundler =>
  (entry, folder) => ['--input-type=module', '--eval', WEBPACK, '--', mode, entry, folder]

const ncc: Bundler = (entry, folder) => [
  bin('@vercel/ncc/dist/ncc/cli.js'),
  'build',
  entry,
  '--quiet',
  '--no-cache',
  `--out=${folder}`,
]

const RECIPES: readonly (readonly [string, Framework, Form, File, Bundler])[] = [
  ['esbuild, CommonJS', 'fastify', 'import', 'index.cjs', esbuild('index.cjs')],
  ['esbuild, CommonJS', 'express', 'import', 'index.cjs', esbuild('index.cjs')],
  ['esbuild, CommonJS', 'http', 'import', 'index.cjs', esbuild('index.cjs')],
  ['esbuild, CommonJS that calls require', 'fastify', 'require', 'index.cjs', esbuild('index.cjs')],
  ['esbuild, minified', 'fastify', 'import', 'index.cjs', esbuild('index.cjs', '--minify')],
  [
    'esbuild, ES module with createRequire',
    'fastify',
    'import',
    'index.mjs',
    esbuild('index.mjs', CREATE_REQUIRE),
  ],
  [
    'esbuild, ES module with createRequire',
    'express',
    'import',
    'index.mjs',
    esbuild('index.mjs', CREATE_REQUIRE),
  ],
  ['rollup, ES module', 'fastify', 'import', 'index.mjs', rollup('index.mjs', 'es')],
  ['rollup, CommonJS', 'express', 'import', 'index.cjs', rollup('index.cjs', 'cjs')],
  [
    'rollup, CommonJS that calls require, with requireReturnsDefault',
    'fastify',
    'require',
    'index.cjs',
    rollup('index.cjs', 'cjs', '@rollup/plugin-commonjs={requireReturnsDefault:"preferred"}'),
  ],
  ['webpack', 'fastify', 'import', 'index.cjs', webpack('production')],
  ['webpack, for development', 'express', 'require', 'index.cjs', webpack('development')],
  ['ncc', 'fastify', 'import', 'index.mjs', ncc],
  ['ncc', 'express', 'require', 'index.cjs', ncc],
]

let made = 0

/** Bundles a program, and gives the folder of the result, which has nothing else and no node_modules above. */
async function bundle(
  framework: Framework,
  source: string,
  extension: string,
  bundler: Bundler,
): Promise<string> {
  const folder = join(inject('scratch'), `bundle-${process.pid}-${made++}`)
  await mkdir(folder)
  // Where the packages are. ncc names its output like its input.
  const beside = join(inject(framework === 'express' ? 'expressProject' : 'project'), basename(folder))
  await mkdir(beside)
  const entry = join(beside, `index.${extension}`)
  await writeFile(entry, source)
  const { by, stdout, stderr } = await run(process.execPath, bundler(entry, folder), TOOLS)
  expect(by, stdout + stderr).toBe(0)
  expect(stdout + stderr).not.toContain('waybill/dist')
  return folder
}

const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux')

/** Tries a bundled program, which is made before: its events are lines of JSON, and rows for people in a terminal. */
function expectToWork(make: () => Promise<readonly [folder: string, ...command: string[]]>): void {
  let folder: string
  let command: readonly string[]
  beforeAll(async () => {
    ;[folder, ...command] = await make()
  }, 120_000)

  test('logs into a pipe', async () => {
    const [program = '', ...args] = command
    const { by, stdout, stderr } = await run(program, args, folder, BARE_ENV)
    expect({ by, stderr }).toEqual({ by: 0, stderr: '' })
    expectEvents(stdout)
  })

  test.runIf(hasTerminal)('logs to a terminal (skipped where script is not that of util-linux)', async () => {
    const line = command.map((each) => `'${each}'`).join(' ')
    const { by, stdout } = await run('script', ['-qec', line, '/dev/null'], folder, BARE_ENV)
    const rows = stripVTControlCharacters(stdout)
    expect(by, rows).toBe(0)
    expect(rows).toMatch(/ --> +\w+ +GET +\/users\/42/)
    expect(rows).toMatch(/ INFO +\w+ +looking up user/)
    expect(rows).toMatch(/ 200 +[\d.]+ms +\w+ +GET +\/users\/42 +3B/)
  })
}

describe.each(RECIPES)('one file of %s, with %s', (_name, framework, form, file, bundler) => {
  expectToWork(async () => {
    const extension = form === 'require' ? 'cjs' : 'mjs'
    const folder = await bundle(framework, appOf(framework, form), extension, bundler)
    return [folder, process.execPath, file]
  })
})

const SEA = { main: 'index.cjs', output: 'app.blob', disableExperimentalSEAWarning: true }
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
/** One that is signed, or is not all of Node.js, takes other tools. */
const { node_shared: isShared } = process.config.variables as { node_shared?: boolean }
const canInject = process.platform === 'linux' && isShared !== true

describe.runIf(canInject)('a single executable (skipped where that of Node.js is signed or shared)', () => {
  expectToWork(async () => {
    const folder = await bundle('fastify', appOf('fastify'), 'mjs', esbuild('index.cjs'))
    const app = join(folder, 'app')
    await writeFile(join(folder, 'sea.json'), JSON.stringify(SEA))
    await copyFile(process.execPath, app)
    const postject = [bin('postject/dist/cli.js'), app, 'NODE_SEA_BLOB', join(folder, SEA.output)]
    for (const args of [
      ['--experimental-sea-config', 'sea.json'],
      [...postject, '--sentinel-fuse', FUSE],
    ]) {
      const { by, stderr } = await run(process.execPath, args, folder)
      expect(by, stderr).toBe(0)
    }
    return [folder, app]
  })
})

test('an ES module of esbuild without createRequire works neither with waybill nor with Fastify alone', async () => {
  const alone = "import Fastify from 'fastify'\nFastify()"
  for (const source of [alone, appOf('fastify'), appOf('http')]) {
    const folder = await bundle('fastify', source, 'mjs', esbuild('index.mjs'))
    const { by, stderr } = await run(process.execPath, ['index.mjs'], folder, BARE_ENV)
    expect(by).toBe(1)
    expect(stderr).toContain('Dynamic require of "node:')
  }
})
