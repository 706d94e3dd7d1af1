import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, inject, test } from 'vitest'
import { appOf, expectEvents, type Form, type Framework } from './apps.js'
import { BARE_ENV, type Ended, run } from './process.js'

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

/** Bundles a program, and gives the file, which has nothing beside it but what the bundler put there. */
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

const inPipe = (folder: string, ...command: readonly [string, ...string[]]): Promise<Ended> =>
  run(command[0], command.slice(1), folder, BARE_ENV)

const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux')

/** Runs a command in a pseudo terminal. */
const inTerminal = (folder: string, ...command: readonly string[]): Promise<Ended> =>
  run('script', ['-qec', command.map((each) => `'${each}'`).join(' '), '/dev/null'], folder, BARE_ENV)

/** Runs a bundled program in both, and expects its events as lines of JSON and as rows for people. */
async function expectToWork(folder: string, ...command: readonly [string, ...string[]]): Promise<void> {
  const piped = await inPipe(folder, ...command)
  expect({ by: piped.by, stderr: piped.stderr }).toEqual({ by: 0, stderr: '' })
  expectEvents(piped.stdout)

  if (!hasTerminal) return
  const { by, stdout } = await inTerminal(folder, ...command)
  const rows = stripVTControlCharacters(stdout)
  expect(by, rows).toBe(0)
  expect(rows).toMatch(/ --> +\w+ +GET +\/users\/42/)
  expect(rows).toMatch(/ INFO +\w+ +looking up user/)
  expect(rows).toMatch(/ 200 +[\d.]+ms +\w+ +GET +\/users\/42 +3B/)
}

test.each(RECIPES)('works in one file of %s, of %s', async (_name, framework, form, file, bundler) => {
  const extension = form === 'require' ? 'cjs' : 'mjs'
  const folder = await bundle(framework, appOf(framework, form), extension, bundler)
  await expectToWork(folder, process.execPath, file)
})

test('an ES module of esbuild without createRequire works neither with waybill nor with Fastify alone', async () => {
  const alone = "import Fastify from 'fastify'\nFastify()"
  for (const source of [alone, appOf('fastify'), appOf('http')]) {
    const folder = await bundle('fastify', source, 'mjs', esbuild('index.mjs'))
    const { by, stderr } = await inPipe(folder, process.execPath, 'index.mjs')
    expect(by).toBe(1)
    expect(stderr).toContain('Dynamic require of "node:')
  }
})

const BLOB = { main: 'index.cjs', disableExperimentalSEAWarning: true }
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

test('works as a single executable', async () => {
  const folder = await bundle('fastify', appOf('fastify'), 'mjs', esbuild('index.cjs'))
  await writeFile(join(folder, 'sea.json'), JSON.stringify({ ...BLOB, output: 'app.blob' }))
  const app = join(folder, 'app')
  await copyFile(process.execPath, app)
  const made = await run(process.execPath, ['--experimental-sea-config', 'sea.json'], folder)
  expect(made.by, made.stderr).toBe(0)
  const postject = [bin('postject/dist/cli.js'), app, 'NODE_SEA_BLOB', join(folder, 'app.blob')]
  const injected = await run(process.execPath, [...postject, '--sentinel-fuse', FUSE], folder)
  expect(injected.by, injected.stderr).toBe(0)

  await expectToWork(folder, app)
})
