import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, inject, test } from 'vitest'
import { describeReader, read } from './programs.js'
import { parse, runService } from './service.js'

/** The format that the package brings, where docs/reading.md says that it is. */
const FORMAT = 'node_modules/waybill/examples/lnav/waybill.json'
const LEVELS: Readonly<Record<string, string>> = { info: 'info', warn: 'warning', error: 'error' }

type Row = Readonly<Record<string, unknown>>

describeReader('lnav', { programs: ['lnav'] }, (folder) => {
  /** Has lnav answer a query about lines, as someone who has installed nothing in it or the format of the package. */
  const query = async (user: 'plain' | 'told', lines: readonly string[], sql: string): Promise<Row[]> => {
    await writeFile(join(folder, 'log'), `${lines.join('\n')}\n`)
    const output = await run(user, ['-n', '-c', `;${sql}`, '-c', ':write-json-to -', 'log'])
    return JSON.parse(output) as Row[]
  }
  const run = (user: string, args: readonly string[]): Promise<string> =>
    read('lnav', args, folder, { HOME: join(folder, user), XDG_CONFIG_HOME: '' })

  beforeAll(async () => {
    await Promise.all([mkdir(join(folder, 'plain')), mkdir(join(folder, 'told'))])
    await run('told', ['-i', join(inject('project'), FORMAT)])
  })

  test('json: knows the time, level, message and fields of each line by the format of the package', async () => {
    const texts = await runService('json')
    const fields = [
      'event',
      'request_id',
      'method',
      'path',
      'route',
      'query',
      'client_ip',
      'user_agent',
      'outcome',
    ]
    const numbers = ['status', 'duration_ms', 'response_bytes']
    const columns = [...fields, ...numbers.map((name) => `CAST(${name} AS TEXT) AS ${name}`)].join()
    const rows = await query(
      'told',
      texts,
      `SELECT log_time, log_level, log_body, error, truncated, ${columns} FROM waybill_log`,
    )

    expect(rows).toEqual(
      texts.map(parse).map((line) => ({
        log_time: timeOf(line.timestamp),
        log_level: LEVELS[line.level],
        log_body: line.message,
        error: line.error === undefined ? null : expect.anything(),
        truncated: line.truncated === true ? '1' : null,
        ...Object.fromEntries(fields.map((name) => [name, line[name] ?? null])),
        ...Object.fromEntries(numbers.map((name) => [name, textOf(line[name])])),
      })),
    )
  })

  test('json: numbers are numbers', async () => {
    const types = 'typeof(status) AS status, typeof(duration_ms) AS duration, typeof(response_bytes) AS bytes'
    const rows = await query(
      'told',
      await runService('json'),
      // One that is whole by chance is written without decimals.
      `SELECT DISTINCT ${types} FROM waybill_log WHERE duration_ms > 0 AND duration_ms <> CAST(duration_ms AS INTEGER)`,
    )
    expect(rows).toEqual([{ status: 'integer', duration: 'real', bytes: 'integer' }])
  })

  test('logfmt: knows the time, level, message and fields of each line without being told', async () => {
    const texts = await runService('logfmt')
    const columns = 'log_time, log_level, log_body, fields'
    const rows = await query('plain', texts, `SELECT ${columns} FROM logfmt_log`)
    const lines = texts.map(pairsOf)
    expect(rows.map(({ log_time: time }) => time)).toEqual(
      lines.map(({ time = '' }) => timeOf(JSON.parse(time))),
    )
    expect(rows.map(({ log_level: level }) => level)).toEqual(lines.map(({ level = '' }) => LEVELS[level]))
    expect(rows.map(({ log_body: body }) => body)).toEqual(lines.map(({ msg }) => msg))
    expect(rows.map(({ fields }) => fields)).toEqual(
      lines.map(({ time, level, msg, ...others }) => {
        const fields = Object.entries(others).map(([key, text]) => [key, asRead(text)])
        return fields.length === 0 ? null : Object.fromEntries(fields)
      }),
    )
  })

  test('combined: knows each request without being told', async () => {
    const texts = await runService('combined')
    const rows = await query('plain', texts, `SELECT ${COLUMNS.join()} FROM access_log`)
    const expected = texts.map((text) => {
      const values = COMBINED.exec(text)?.slice(1) ?? []
      return COLUMNS.map((column, index) => {
        const value = values[index] ?? null
        return [column, value !== null && column.startsWith('sc_') ? Number(value) : value]
      })
    })
    expect(rows).toEqual(expected.map((fields) => Object.fromEntries(fields)))
  })
})

const COLUMNS = [
  ...['c_ip', 'cs_method', 'cs_uri_stem', 'cs_uri_query', 'cs_version', 'sc_status', 'sc_bytes'],
  ...['cs_referer', 'cs_user_agent'],
]
/** A line of the Combined Log Format, with a group for each column. */
const COMBINED =
  /^(\S+) - - \[[^\]]+\] "(?:-|(\S+) ([^ ?]+)(?:\?(\S+))? (\S+))" (\d+) (\d+) "([^"]*)" "([^"]*)"$/

const PAIR = /(?<key>[^ =]+)=(?<text>"(?:[^"\\]|\\.)*"|[^ ]*)/g

/** The texts of a line of logfmt by their keys, as they stand there. */
function pairsOf(line: string): Record<string, string> {
  return Object.fromEntries([...line.matchAll(PAIR)].map(([, key, text]) => [key, text]))
}

/** What lnav makes of a text in logfmt: whole numbers are numbers, others stay texts. */
function asRead(text: string): unknown {
  if (text.startsWith('"')) return JSON.parse(text)
  if (text === 'true' || text === 'false') return text === 'true'
  return /^\d+$/.test(text) ? Number(text) : text
}

/** As lnav writes a time. */
function timeOf(time: string): string {
  return time.replace('T', ' ').replace('Z', '')
}

function textOf(value: unknown): string | null {
  return value === undefined ? null : String(value)
}
