import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { beforeAll, expect, test } from 'vitest'
import { aboutOne, errorRates, type Row, slowest, sorted } from './answers.js'
import { describeReader, read } from './programs.js'
import { commandsWith } from './readme.js'
import { type Line, linesOf, parse, runService } from './service.js'

/** Writes the lines of a service where the commands of docs/reading.md look for them. */
async function writeLines(folder: string): Promise<Line[]> {
  const texts = await runService('json')
  await writeFile(join(folder, 'shop.ndjson'), `${texts.join('\n')}\n`)
  return texts.map(parse)
}

/** Checks that the rows are right and in their order; routes of the same figure may stand in any. */
function expectSlowest(rows: readonly Row[], lines: readonly Line[]): void {
  const figuresOf = (of: readonly Row[]): number[] => of.map(([, , figure]) => figure)
  expect(rows.length).toBeGreaterThan(5)
  expect(figuresOf(rows)).toEqual(figuresOf(slowest(lines)))
  expect(sorted(rows)).toEqual(sorted(slowest(lines)))
}

function escapeControls(text: string): string {
  return text.replace(/[\x00-\x09\x0b-\x1f]/g, (control) => {
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

describeReader('jq', { programs: ['jq'] }, (folder) => {
  const commands = commandsWith('jq ')
  const run = async (name: string): Promise<Line[]> => {
    const output = await read('bash', ['-c', commands[name] ?? ''], folder)
    return linesOf(output).map(parse)
  }
  let lines: readonly Line[]
  beforeAll(async () => {
    lines = await writeLines(folder)
  })

  test('takes in every line as it was written', async () => {
    const output = await read('jq', ['-c', '.', 'shop.ndjson'], folder)
    expect(linesOf(output).map(parse)).toEqual(lines)
  })

  test('shows the slowest routes', async () => {
    const rows = await run('slowest routes')
    expectSlowest(
      rows.map((row) => [String(row.route), Number(row.requests), Number(row.slowest_ms)]),
      lines,
    )
  })

  test('shows the error rate by route', async () => {
    const rows = await run('error rate by route')
    expect(rows.map((row) => [row.route, row.requests, row.failed])).toEqual(errorRates(lines))
  })

  test('shows everything about one request', async () => {
    expect(aboutOne(lines)).toHaveLength(3)
    expect(await run('one request')).toEqual(aboutOne(lines))
  })
})

describeReader('Miller', { programs: ['mlr'] }, (folder) => {
  const commands = commandsWith('mlr ')
  const run = (name: string): Promise<string> => read('bash', ['-c', commands[name] ?? ''], folder)
  /** The rows of a table, without its heading. */
  const runTable = async (name: string): Promise<Row[]> => {
    const [, ...rows] = linesOf(await run(name)).map((row) => row.split(/ +/))
    return rows.map(([route = '', count, figure]) => [route, Number(count), Number(figure)])
  }
  let lines: readonly Line[]
  beforeAll(async () => {
    lines = await writeLines(folder)
  })

  test('takes in every line as it was written', async () => {
    // It writes keys and controls as they are, which is no JSON: that key is left out, the controls are escaped again.
    const cut = ['cut', '-x', '-r', '-f', '^quote ']
    const output = await read('mlr', ['--ijsonl', '--ojsonl', ...cut, 'shop.ndjson'], folder)
    const expected = lines.map((line) =>
      Object.fromEntries(Object.entries(line).filter(([key]) => !key.startsWith('quote '))),
    )
    expect(linesOf(escapeControls(output)).map(parse)).toEqual(expected)
  })

  test('shows the slowest routes', async () => {
    expectSlowest(await runTable('slowest routes'), lines)
  })

  test('shows the error rate by route', async () => {
    const rows = await runTable('error rate by route')
    expect(sorted(rows)).toEqual(errorRates(lines))
  })

  test('shows everything about one request', async () => {
    expect(linesOf(await run('one request')).map(parse)).toEqual(aboutOne(lines))
  })
})

describeReader('DuckDB', { programs: [] }, (folder) => {
  const commands = commandsWith('read_ndjson_auto')
  const run = async (sql: string): Promise<Record<string, unknown>[]> => {
    const connection = await (await DuckDBInstance.create()).connect()
    await connection.run(`SET file_search_path = '${folder}'`)
    const { rows, columns } = await connection
      .runAndReadAll(sql)
      .then((result) => ({ rows: result.getRowsJson(), columns: result.columnNames() }))
    connection.closeSync()
    return rows.map((row) => Object.fromEntries(row.map((value, index) => [columns[index], value])))
  }
  const runTable = async (name: string): Promise<Row[]> => {
    const rows = await run(commands[name] ?? '')
    return rows.map(({ route, requests, ...figure }) => [
      String(route),
      Number(requests),
      Number(Object.values(figure)[0]),
    ])
  }
  let lines: readonly Line[]
  beforeAll(async () => {
    lines = await writeLines(folder)
  })

  test('takes in every line, with its types', async () => {
    const [{ n } = {}] = await run("SELECT count(*) AS n FROM read_ndjson_auto('shop.ndjson')")
    expect(Number(n)).toBe(lines.length)
    const columns = await run("DESCRIBE FROM read_ndjson_auto('shop.ndjson')")
    const types = columns.map(({ column_name: name, column_type: type }) => [name, type])
    expect(Object.fromEntries(types)).toMatchObject({
      timestamp: 'TIMESTAMP',
      level: 'VARCHAR',
      request_id: 'VARCHAR',
      trace_flags: 'VARCHAR',
      status: 'BIGINT',
      duration_ms: 'DOUBLE',
      response_bytes: 'BIGINT',
      truncated: 'BOOLEAN',
      error: 'STRUCT("type" VARCHAR, message VARCHAR, stack VARCHAR, code VARCHAR)',
      message: 'VARCHAR',
      user_id: 'BIGINT',
      cached: 'BOOLEAN',
      ratio: 'DOUBLE',
    })
  })

  test('shows the slowest routes', async () => {
    expectSlowest(await runTable('slowest routes'), lines)
  })

  test('shows the error rate by route', async () => {
    const rows = await runTable('error rate by route')
    expect(sorted(rows)).toEqual(errorRates(lines))
  })

  test('shows everything about one request', async () => {
    const rows = await run(commands['one request'] ?? '')
    const said = rows.map((row) => Object.entries(row).filter(([, value]) => value !== null))
    expect(said.map((row) => row.length)).toEqual(aboutOne(lines).map((line) => Object.keys(line).length))
    expect(said.map((row) => Object.fromEntries(row).message)).toEqual(
      aboutOne(lines).map(({ message }) => message),
    )
  })
})
