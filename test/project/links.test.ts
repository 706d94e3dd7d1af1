import { execFileSync } from 'node:child_process'
import { posix } from 'node:path'
import { expect, test } from 'vitest'
import { documents, readDocument } from '../support/documents.js'
import { root } from '../support/program.js'

const PAGES = [...documents, 'CHANGELOG.md', 'examples/deploy/README.md']
const FENCED = /^```[\s\S]*?^```$/gm
const LINK = /\]\((?<target>[^()\s]+)\)/g
const HEADING = /^#{1,6} +(?<text>.+)$/gm
const packed = packedFiles()

/** The files of the tarball, by their paths in it. */
function packedFiles(): ReadonlySet<string> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error']
  const report = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }))
  const [tarball] = Object.values(report) as { files: { path: string }[] }[]
  return new Set(tarball?.files.map(({ path }) => path))
}

/** The relative links of a page. */
function linksOf(page: string): string[] {
  const prose = readDocument(page).replaceAll(FENCED, '')
  const targets = [...prose.matchAll(LINK)].map(({ groups }) => groups?.target ?? '')
  return targets.filter((target) => !/^[a-z]+:/.test(target))
}

/** The anchors that GitHub and npm give to the headings of a page. */
function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>()
  const prose = readDocument(page).replaceAll(FENCED, '')
  return [...prose.matchAll(HEADING)].map(({ groups }) => {
    const slug = (groups?.text ?? '')
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-')
    const times = seen.get(slug) ?? 0
    seen.set(slug, times + 1)
    return times === 0 ? slug : `${slug}-${times}`
  })
}

/** What is wrong with a link; undefined if it leads to a file of the tarball, and to a heading there if it names one. */
function faultOf(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : posix.join(posix.dirname(page), path)
  if (!packed.has(file)) return `${link}: ${file} is not in the tarball`
  if (anchor === undefined || anchorsOf(file).includes(anchor)) return undefined
  return `${link}: ${file} has no such heading`
}

test.each(PAGES)(
  'every relative link of %s leads to a file of the tarball, and to a heading there',
  (page) => {
    const faults = linksOf(page).map((link) => faultOf(page, link))
    expect(faults.filter((fault) => fault !== undefined)).toEqual([])
  },
)

test('every page of docs/ is in the tarball and linked from the README', () => {
  const linked = linksOf('README.md').map((link) => link.split('#')[0])
  const pages = documents.filter((page) => page !== 'README.md')
  expect(pages.filter((page) => !packed.has(page))).toEqual([])
  expect(pages.filter((page) => !linked.includes(page))).toEqual([])
})

test('every page begins with a title and one sentence that says what it is for', () => {
  for (const page of documents.filter((name) => name !== 'README.md'))
    expect(readDocument(page), page).toMatch(/^# .+\n\nThis page (?:[^.]|\.(?=\S))+\.\n\n/)
})

test('the README has no more than 250 lines', () => {
  expect(readDocument('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(250)
})
