import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WaybillError, warnOnce } from '../../src/errors.js'
import { blockIn, documents, readDocument, rowsIn } from '../support/documents.js'

const CODE = /WAYBILL_(?:ERR|WARN)_[A-Z_]*[A-Z]/g
const codes = [...new Set(readDocument('src/errors.ts').match(CODE))].sort()
const ERRORS = readDocument('docs/errors.md')

test('every error code and warning code has a section in docs/errors.md, and the other way round', () => {
  const sections = [...ERRORS.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading)
  expect(sections.sort()).toEqual(codes)
})

test.each(codes)('the section of %s says what to do', (code) => {
  const [, rest = ''] = ERRORS.split(`### ${code}\n`)
  const [section = ''] = rest.split(/^##/m)
  expect(section.trim().length).toBeGreaterThan(60)
})

test('no document names a code that does not exist', () => {
  const named = documents.flatMap((page) => readDocument(page).match(CODE) ?? [])
  expect(named.filter((code) => !codes.includes(code))).toEqual([])
})

test('an error names its section', () => {
  const { help } = new WaybillError('WAYBILL_ERR_SERVER', 'no server')
  expect(help).toBe('waybill/docs/errors.md#waybill_err_server')
})

test('a warning names its section', async () => {
  const warned = once(process, 'warning')
  warnOnce('WAYBILL_WARN_FIELD', 'a test', 'a field')
  const [warning] = await warned
  expect(warning).toMatchObject({
    name: 'WaybillWarning',
    code: 'WAYBILL_WARN_FIELD',
    detail: 'See waybill/docs/errors.md#waybill_warn_field',
  })
})

test('the README states the totals of docs/conformance.md', () => {
  const page = readDocument('docs/conformance.md')
  const block = blockIn(readDocument('README.md'), 'conformance:totals')
  const [head = [], ...totals] = rowsIn(block)
  const tables = ['fastify', 'express'].map((side) => rowsIn(blockIn(page, `conformance:${side}`)))
  expect(totals).toHaveLength(tables.length)
  for (const [at, rows] of tables.entries()) {
    const [tools = [], last = []] = [rows[0], rows.at(-1)]
    const counts = new Map(tools.map((tool, column) => [tool, last[column]]))
    const expected = head.slice(1).map((tool) => counts.get(tool) ?? '–')
    expect(totals[at]?.slice(1)).toEqual(expected)
    expect(totals[at]?.[0]).toContain(last[0])
    expect(block).toContain(`waybill logs ${last[1]} of ${last[0]?.match(/\d+$/)?.[0]} endings truthfully`)
  }
  const [, when = ''] = /^Replayed (on .+) and:$/m.exec(page) ?? []
  expect(block).toContain(`Replayed over real sockets ${when}.`)
})

test('the README states the costs of docs/performance.md', () => {
  const page = readDocument('docs/performance.md')
  const block = blockIn(readDocument('README.md'), 'bench:cost')
  const [head = [], ...costs] = rowsIn(block)
  expect(costs).toHaveLength(4)
  for (const [column, major] of [20, 24].entries()) {
    const section = blockIn(page, `bench:fastify:${major}`)
    const [names = [], ...rows] = rowsIn(section)
    // The second table has rows of the same names.
    const variants = rows.filter(({ length }) => length === names.length)
    const overheads = new Map(variants.map((row) => [row[0], row[names.indexOf('over bare')]]))
    expect(head[column + 1]).toBe(`Node.js ${major}`)
    for (const [variant = '', ...figures] of costs) expect(figures[column]).toBe(overheads.get(variant))
    expect(block).toContain(/^\S+, [^;]*(?=, Node\.js)/m.exec(section)?.[0])
    expect(block).toContain(/Node\.js ([\d.]+);/.exec(section)?.[1])
  }
})

test('the jq command of the README stands in docs/reading.md', () => {
  const [, command = ''] = /^```sh\n(jq .*\n)```$/m.exec(readDocument('README.md')) ?? []
  expect(command).not.toBe('')
  expect(readDocument('docs/reading.md')).toContain(command)
})
