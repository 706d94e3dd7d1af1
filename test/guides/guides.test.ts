import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { root } from '../support/program.js'

const GUIDES = ['migrating', 'testing', 'faq']
// An HTML comment directly above the fence keeps a program from being run.
const FENCED = /^(?<skip><!-- not run.*-->\n)?```(?<language>js|ts)\n(?<source>[\s\S]*?)^```$/gm
const PATIENCE_MS = 20_000
const VISIT = join(root, 'test/guides/visit.mjs')
const TSC = join(root, 'node_modules/typescript/bin/tsc')
const VITEST = join(root, 'node_modules/vitest/vitest.mjs')

interface Program {
  readonly line: number
  readonly language: string
  readonly source: string
}

function programsOf(guide: string): Program[] {
  const text = readFileSync(join(root, `docs/${guide}.md`), 'utf8')
  return [...text.matchAll(FENCED)]
    .filter(({ groups }) => groups?.skip === undefined)
    .map(({ groups, index }) => ({
      line: text.slice(0, index).split('\n').length,
      language: groups?.language ?? '',
      source: groups?.source ?? '',
    }))
}

// Within the package, where its own name means what is built, and in a folder that Git ignores.
const builds = join(root, 'examples/build')
mkdirSync(builds, { recursive: true })
const folder = mkdtempSync(join(builds, 'guides-'))
afterAll(() => rmSync(folder, { recursive: true }))
writeFileSync(
  join(folder, 'tsconfig.json'),
  JSON.stringify({
    extends: '../../../tsconfig.json',
    compilerOptions: { rootDir: '.', outDir: '.', noEmit: false, experimentalDecorators: true },
    include: ['*.ts'],
    exclude: [],
  }),
)
// Vitest finds no configuration of the package's here.
writeFileSync(join(folder, 'vitest.config.mjs'), "export default { test: { include: ['*.js'] } }\n")

interface Ended {
  readonly code: unknown
  readonly stdout: string
  readonly stderr: string
}

function run(args: readonly string[], visits: readonly string[] = []): Promise<Ended> {
  const { PATH } = process.env
  const env = { PATH, PORT: '0', VISITS: JSON.stringify(visits) }
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env, timeout: PATIENCE_MS }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.signal ?? error.code), stdout, stderr }),
    )
  })
}

describe.each(GUIDES)('docs/%s.md', (guide) => {
  const text = readFileSync(join(root, `docs/${guide}.md`), 'utf8')

  test.each(programsOf(guide))('the program at line $line runs', async ({ line, language, source }) => {
    const name = `${guide}-${line}`
    writeFileSync(join(folder, `${name}.${language}`), source)
    if (language === 'ts') {
      const { stdout } = await run([TSC, '-p', 'tsconfig.json'])
      expect(stdout).toBe('')
    }

    const runner = source.includes("from 'vitest'") ? [VITEST, 'run'] : []
    if (runner.length > 0 || source.includes("from 'node:test'")) {
      const { code, stdout, stderr } = await run([...runner, `${name}.js`])
      expect(code, stdout + stderr).toBe(0)
      return
    }
    const visits = [...(source.includes("'/healthz'") ? ['/healthz'] : []), '/users/42']
    const { code, stdout, stderr } = await run(['--import', VISIT, `${name}.js`], visits)
    expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' })
    if (!/\.listen\(/.test(source)) return
    expect(stdout).toMatch(/GET \/users\/42(?: HTTP\/1\.1")? 200/)
    expect(stdout).not.toContain('healthz 200')
  })

  test('what it links to is there', () => {
    const anchors = new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title)))
    for (const [, target = ''] of text.matchAll(/\]\((#[^)]+)\)/g)) expect(anchors).toContain(target.slice(1))
    for (const [, target = ''] of text.matchAll(/`((?:examples|test|src)\/[\w./-]+)`/g))
      expect(existsSync(join(root, target)), target).toBe(true)
  })

  test('begins with one sentence that says what it is for', () => {
    expect(text).toMatch(/^# .+\n\nThis page [^.]+(?:\.[^.\s][^.]*)*\.\n/)
  })
})

/** The anchor that GitHub gives to a title. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

test('the folder of the programs is one that Git ignores', () => {
  expect(basename(join(folder, '..'))).toBe('build')
})
