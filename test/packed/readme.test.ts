import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { BARE_ENV, start } from './process.js'
import { complaints } from './typescript.js'

interface Block {
  readonly language: string
  readonly line: number
  readonly source: string
}

// An HTML comment directly above the fence keeps a block from being run.
const FENCED = /^(?<skip><!-- not run -->\n)?```(?<language>js|ts|json)\b.*\n(?<source>[\s\S]*?)^```$/gm
/** For how long a program must stay up once it listens. */
const SETTLED_MS = 300
/** For how long a program may run that neither listens nor ends. */
const PATIENCE_MS = 60_000

const README = new URL('../../README.md', import.meta.url)
const readme = existsSync(README) ? readFileSync(README, 'utf8') : ''

const blocks: readonly Block[] = [...readme.matchAll(FENCED)]
  .filter(({ groups }) => groups?.skip === undefined)
  .map(({ groups, index }) => ({
    language: groups?.language ?? '',
    line: readme.slice(0, index).split('\n').length,
    source: groups?.source ?? '',
  }))

function inLanguage(language: string): readonly Block[] {
  return blocks.filter((block) => block.language === language)
}

/** The project that has what a block of README.md imports. */
function projectFor(source: string): string {
  return inject(source.includes("from 'express'") ? 'expressProject' : 'project')
}

test('README.md is there and shows a program', () => {
  expect(readme, 'README.md is missing or empty').not.toBe('')
  expect(inLanguage('js'), 'README.md has no ```js block that is run').not.toEqual([])
})

test.each(inLanguage('js'))('the program at line $line of README.md runs', async ({ line, source }) => {
  const project = projectFor(source)
  const file = `readme-${line}.mjs`
  await writeFile(join(project, file), source)

  const { child, ended } = start(process.execPath, [file], project, BARE_ENV)
  const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  onTestFinished(() => clearTimeout(impatience))
  let written = ''
  child.stdout.on('data', function stopOnceListening(text) {
    written += text
    if (!written.includes('Server listening')) return
    child.stdout.off('data', stopOnceListening)
    setTimeout(() => child.kill('SIGINT'), SETTLED_MS)
  })

  const { by, stdout, stderr } = await ended
  expect([0, 'SIGINT'], `ended by ${by}\n${stdout}${stderr}`).toContain(by)
})

test.each(inLanguage('ts'))('the types at line $line of README.md are right', async ({ line, source }) => {
  expect(await complaints(source, projectFor(source), `readme-${line}`)).toBe('')
})

test.each(inLanguage('json'))('the JSON at line $line of README.md parses', ({ source }) => {
  for (const line of linesOf(source)) expect(() => JSON.parse(line), line).not.toThrow()
})

/** One JSON object a line, or one document. */
function linesOf(json: string): readonly string[] {
  return /^\{.*\}$/m.test(json) ? json.trim().split('\n') : [json]
}
