import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import manifest from '../../package.json' with { type: 'json' }
import { root } from '../support/program.js'

const scripts: Readonly<Record<string, string>> = manifest.scripts
/** What npm runs without `run`. */
const SHORT = ['start', 'test']
const CONTRIBUTING = read('CONTRIBUTING.md')

function read(name: string): string {
  return readFileSync(join(root, name), 'utf8')
}

/** The one document of a YAML text; throws where it is none, and where a key is there twice. */
function yamlOf(text: string): unknown {
  const [document, ...others] = parseAllDocuments(text, { uniqueKeys: true })
  if (document === undefined || others.length > 0) throw new Error('not one document')
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined) throw error
  return document.toJS()
}

/** The scripts that a text tells its reader to run. */
function scriptsIn(text: string): string[] {
  return [...text.matchAll(/\bnpm (?:run (?:--silent |-s )?([\w:-]+)|(start|test)\b)/g)].map(
    ([, long, short]) => long ?? short ?? '',
  )
}

interface Workflow {
  jobs: Record<string, { strategy?: { matrix: { node: number[] } }; steps: Step[] }>
}

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}

interface Form {
  name: string
  description: string
  body: { type: string; id?: string; attributes: object }[]
}

const workflow = yamlOf(read('.github/workflows/ci.yml')) as Workflow
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps)
const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]))

test('the workflow runs on every Node.js that is promised', () => {
  const versions = Object.values(workflow.jobs).flatMap(({ strategy }) => strategy?.matrix.node ?? [])
  const newer = /^newer_nodes=\((.*)\)$/m.exec(read('.ci/matrix'))?.[1]?.split(' ').map(Number) ?? []
  expect(versions).toEqual([20, ...newer])
})

test('each command of the workflow exists', () => {
  expect(commands).toContain('npm test')
  for (const command of commands) {
    const [program = '', first = '', second = ''] = command.split(' ')
    if (program === 'npm') {
      if (first !== 'ci') expect(scripts, command).toHaveProperty([SHORT.includes(first) ? first : second])
      continue
    }
    const file = program === 'node' ? first : program
    expect(file, command).toMatch(/^\.ci\//)
    expect(existsSync(join(root, file)), command).toBe(true)
    if (program !== 'node') expect(statSync(join(root, file)).mode & 0o111, `${file} can be run`).not.toBe(0)
    else if (second !== '') expect(scripts, command).toHaveProperty([second])
  }
})

test('the workflow does each step of .ci/run', () => {
  const run = read('.ci/run')
  const wanted = [...run.matchAll(/^(?:step '[^']+' )?((?:npm|node|\.ci\/)\S*(?: .+)?)$/gm)].map(
    ([, command]) => command,
  )
  expect(wanted.length).toBeGreaterThan(8)
  for (const command of wanted) expect(commands).toContain(command)
})

test('dependabot looks at npm packages and at actions', () => {
  const { version, updates } = yamlOf(read('.github/dependabot.yml')) as {
    version: number
    updates: { 'package-ecosystem': string; groups?: Record<string, { patterns: string[] }> }[]
  }
  expect(version).toBe(2)
  expect(updates.map((each) => each['package-ecosystem'])).toEqual(['npm', 'github-actions'])
  const packages = Object.keys(manifest.devDependencies)
  for (const { groups } of updates)
    for (const pattern of Object.values(groups ?? {}).flatMap(({ patterns }) => patterns)) {
      const start = pattern.replace('*', '')
      expect(packages.filter((name) => name.startsWith(start)).length, pattern).toBeGreaterThan(0)
    }
})

test('the forms for issues are forms', () => {
  const folder = join(root, '.github/ISSUE_TEMPLATE')
  const names = readdirSync(folder).sort()
  expect(names).toEqual(['bug.yml', 'config.yml', 'feature.yml'])
  for (const name of names.filter((each) => each !== 'config.yml')) {
    const form = yamlOf(read(`.github/ISSUE_TEMPLATE/${name}`)) as Form
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) })
    const inputs = form.body.filter(({ type }) => type !== 'markdown')
    expect(new Set(inputs.map(({ id }) => id)).size).toBe(inputs.length)
    for (const { type } of form.body)
      expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']).toContain(type)
  }
})

test('CONTRIBUTING.md names every script, and no other', () => {
  expect(new Set(scriptsIn(CONTRIBUTING))).toEqual(new Set(Object.keys(scripts)))
})

test('CONTRIBUTING.md names every folder and every file of src', () => {
  const src = readdirSync(join(root, 'src'), { withFileTypes: true })
  const missing = src
    .map((entry) => (entry.isDirectory() ? `src/${entry.name}/` : entry.name))
    .filter((name) => !CONTRIBUTING.includes(`\`${name}\``))
  expect(missing).toEqual([])
})

test('what CONTRIBUTING.md names of src and test is there', () => {
  const named = [...CONTRIBUTING.matchAll(/`((?:src|test|\.ci|\.github)\/[\w./-]+)`/g)].map(
    ([, path]) => path,
  )
  expect(named.length).toBeGreaterThan(15)
  for (const path of named) expect(existsSync(join(root, String(path))), path).toBe(true)
})

test('no source file is longer than CONTRIBUTING.md says', () => {
  const limit = Number(/No file is longer than (\d+) lines/.exec(CONTRIBUTING)?.[1])
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const long = files.filter(
    (name) => name.endsWith('.ts') && read(`src/${name}`).trimEnd().split('\n').length > limit,
  )
  expect(long).toEqual([])
})

test('the other documents name only scripts and pages that exist', () => {
  for (const name of ['RELEASING.md', 'SECURITY.md', 'CODE_OF_CONDUCT.md']) {
    for (const script of scriptsIn(read(name))) expect(scripts, name).toHaveProperty([script])
    for (const [, target] of read(name).matchAll(/\]\(([\w./-]+\.md)\)/g))
      expect(existsSync(join(root, String(target))), `${name}: ${target}`).toBe(true)
  }
})

test('the release workflow that RELEASING.md shows is YAML', () => {
  const [, shown = ''] = /```yaml\n([\s\S]*?)```/.exec(read('RELEASING.md')) ?? []
  expect(yamlOf(shown)).toMatchObject({ permissions: { 'id-token': 'write' }, jobs: { publish: {} } })
})

test('a version is checked before it is published, and published with its provenance', () => {
  expect(scripts.prepublishOnly).toBe('npm run check')
  expect(manifest.publishConfig).toEqual({ provenance: true, access: 'public' })
})

test('.editorconfig says of lines what biome.json does', () => {
  const { formatter } = JSON.parse(read('biome.json')) as {
    formatter: { indentStyle: string; indentWidth: number; lineWidth: number }
  }
  const editor = read('.editorconfig')
  expect(editor).toContain(`indent_style = ${formatter.indentStyle}\n`)
  expect(editor).toContain(`indent_size = ${formatter.indentWidth}\n`)
  expect(editor).toContain(`max_line_length = ${formatter.lineWidth}\n`)
})

test('the benchmarks of pieces can write a line of each format', () => {
  const program = `
    const { FORMATS, formatOf, answeredRecord } = await import('./bench/harness/inside.mjs')
    for (const name of FORMATS) console.log(formatOf(name).completed(answeredRecord(), 'info').includes('/users/42'))`
  const told = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { cwd: root })
  expect(new Set(told.toString().trim().split('\n'))).toEqual(new Set(['true']))
})
