import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { documents, readDocument } from '../support/documents.js'
import { BARE_ENV, start } from './process.js'
import { complaints } from './typescript.js'

interface Block {
  readonly page: string
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
/** The pages whose programs need more than a packed project has; test/guides/guides.test.ts runs them. */
const GUIDES = ['docs/faq.md', 'docs/migrating.md', 'docs/testing.md']

const blocks: readonly Block[] = documents
  .filter((page) => !GUIDES.includes(page))
  .flatMap((page) => blocksOf(page, readDocument(page)))

function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(FENCED)]
    .filter(({ groups }) => groups?.skip === undefined)
    .map(({ groups, index }) => ({
      page,
      language: groups?.language ?? '',
      line: text.slice(0, index).split('\n').length,
      source: groups?.source ?? '',
    }))
}

function inLanguage(language: string): readonly Block[] {
  return blocks.filter((block) => block.language === language)
}

/** The project that has what a block imports. */
function projectFor(source: string): string {
  return inject(source.includes("from 'express'") ? 'expressProject' : 'project')
}

/** A name for the files of a block. */
function nameOf({ page, line }: Block): string {
  return `${page.replace(/\W/g, '-')}-${line}`
}

test('README.md shows a program', () => {
  expect(inLanguage('js').map(({ page }) => page)).toContain('README.md')
})

test.each(inLanguage('js'))('the program at line $line of $page runs', async (block) => {
  const project = projectFor(block.source)
  const file = `${nameOf(block)}.mjs`
  await writeFile(join(project, file), block.source)

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

test.each(inLanguage('ts'))('the types at line $line of $page are right', async (block) => {
  expect(await complaints(block.source, projectFor(block.source), nameOf(block))).toBe('')
})

test.each(inLanguage('json'))('the JSON at line $line of $page parses', ({ source }) => {
  for (const line of linesOf(source)) expect(() => JSON.parse(line), line).not.toThrow()
})

/** One JSON object a line, or one document. */
function linesOf(json: string): readonly string[] {
  return /^\{.*\}$/m.test(json) ? json.trim().split('\n') : [json]
}
