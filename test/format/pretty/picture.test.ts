import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../support/program.js'
import { hasTmux } from '../../support/terminal.js'

const { drawRows, readRows } = (await import(`${root}docs/svg.mjs`)) as {
  drawRows(rows: readonly string[], columns: number, title: string): string
  readRows(svg: string): string[]
}
const PICTURE = join(root, 'docs/terminal.svg')

/** How each status and level is drawn: they stand behind the time of day. */
function drawnTags(file: string): string[] {
  const svg = readFileSync(file, 'utf8')
  const [, x] = /<tspan x="([\d.]+)"[^>]*>INFO</.exec(svg) ?? []
  const tags = svg.matchAll(new RegExp(`<tspan x="${x}"([^>]*)>(\\d{3}|[A-Z]+)<`, 'g'))
  return [...new Set(Array.from(tags, ([, look, tag]) => `${tag}${look}`))].sort()
}

/** The rows of a picture without what differs from one run, machine or version of Node.js to another. */
function stable(file: string): string[] {
  const rows = readRows(readFileSync(file, 'utf8')).map((row) =>
    row
      .replace(/^\d\d:\d\d:\d\d\.\d{3}/, 'time')
      .replace(/ +\d+(?:\.\d+)?m?s\b/g, ' duration')
      .replace(/\b[\da-f]{8}\b/, 'id')
      .replace(/:\d{5}$|:\d{4}$/, ':port')
      .replace(/─{4,}$/, '─')
      .replace(/… .*/, '…'),
  )
  // Which routes are slow beside the slowest is not always the same.
  return rows.slice(0, rows.findIndex((row) => row.startsWith('slowest')) + 1)
}

// On a busy machine a request may take longer than another, so that rows change places.
test.runIf(hasTmux)(
  'docs/terminal.svg shows what the view writes now',
  { timeout: 120_000, retry: 3 },
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'waybill-picture-'))
    const file = join(directory, 'now.svg')
    execFileSync(process.execPath, ['docs/picture.mjs', file], { cwd: root })
    const now = stable(file)
    const tags = drawnTags(file)
    rmSync(directory, { recursive: true })
    expect(now).toEqual(stable(PICTURE))
    expect(now.length).toBeGreaterThan(30)
    expect(tags).toEqual(drawnTags(PICTURE))
    expect(tags.length).toBeGreaterThan(5)
  },
)

test('docs/terminal.svg is small, well formed and names no path of a machine', () => {
  const svg = readFileSync(PICTURE, 'utf8')
  expect(statSync(PICTURE).size).toBeLessThan(40_000)
  expect(unclosed(svg)).toEqual([])
  expect(svg).not.toMatch(/\/(?:home|root|tmp|usr|work|Users)\/|[A-Z]:\\|file:/)
  expect(svg).not.toContain('\x1b')
})

/** The elements that are not closed where they should be; `?` for what is no markup and not escaped. */
function unclosed(svg: string): string[] {
  const open: string[] = []
  const rest = svg.replaceAll(
    /<(\/?)(\w+)((?: [\w-]+="[^"<]*")*)(\/?)>/g,
    (_tag, end, name, _attributes, empty) => {
      if (end === '/') open.push(open.at(-1) === name ? '' : `/${name}`)
      else if (empty === '') open.push(name)
      if (open.at(-1) === '') open.splice(-2)
      return ''
    },
  )
  return /[<>]|&(?!(?:amp|lt|gt|quot);)/.test(rest) ? [...open, '?'] : open
}

test('a picture has the colours of the terminal, and its text escaped where it stood', () => {
  const rows = [
    '\x1b[2m10:00\x1b[0m \x1b[32m200\x1b[39m  <a&"b">  \x1b[38;5;33mid\x1b[39m',
    '',
    '\x1b[1;31mFATAL',
    'goes on\x1b[0m',
  ]
  const svg = drawRows(rows, 40, 'a "title"')
  expect(readRows(svg)).toEqual(['10:00 200  <a&"b">  id', '', 'FATAL', 'goes on'])
  expect(unclosed(svg)).toEqual([])
  expect(svg).toContain('class="d">10:00<')
  expect(svg).toContain('style="fill:#3fb950">200<')
  expect(svg).toContain('>&lt;a&amp;&quot;b&quot;&gt;<')
  expect(svg).toContain('style="fill:rgb(0,135,255)">id<')
  for (const text of ['FATAL', 'goes on']) expect(svg).toContain(`class="b" style="fill:#ff7b72">${text}<`)
  expect(() => drawRows(['\x1b[4munderlined'], 40, '')).toThrow('no escape sequence 4')
})
