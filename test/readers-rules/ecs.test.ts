import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { samplesOf } from './lines.js'

/** How a value of each type is written, as https://www.elastic.co/docs/reference/elasticsearch/mapping-reference takes it. */
const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  keyword: isText,
  wildcard: isText,
  match_only_text: isText,
  long: Number.isSafeInteger,
  ip: (value) => typeof value === 'string' && isIP(value) !== 0 && !value.includes('%'),
  date: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value),
}

/** The most bytes that Elasticsearch takes for a keyword: `ignore_above` of the ECS templates, in characters. */
const IGNORE_ABOVE = 1024

interface Field {
  readonly type: string
  readonly isArray: boolean
}

/** The fields of the Elastic Common Schema. */
const fields = new Map<string, Field>(
  readFileSync(new URL('../data/ecs/fields.csv', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => {
      const [, name = '', type = '', normalization] = row.split(',')
      return [name, { type, isArray: normalization === 'array' }]
    }),
)

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

/** What is wrong with a field of a line; undefined when nothing is. */
function complaint(name: string, value: unknown): string | undefined {
  const field = fields.get(name)
  if (field === undefined) return `${name} is no field of ECS`
  if (field.isArray !== Array.isArray(value)) return `${name} is${field.isArray ? ' not' : ''} an array`
  const values = Array.isArray(value) ? value : [value]
  if (!values.every((each) => TYPES[field.type]?.(each)))
    return `${name} is no ${field.type}: ${JSON.stringify(value)}`
  return undefined
}

function complaintOfLabel([name, value]: [string, unknown]): string | undefined {
  if (name.includes('.')) return `the label ${name} would be an object`
  if (value !== null && !['string', 'number', 'boolean'].includes(typeof value))
    return `the label ${name} is no scalar`
  return undefined
}

const samples = samplesOf('ecs')

test.each(samples)('ecs: each field of $about is one of ECS, and has its type', ({ line }) => {
  const { labels = {}, ...others } = line
  const complaints = Object.entries(others).map(([name, value]) => complaint(name, value))
  const ofLabels = Object.entries(labels as object).map(complaintOfLabel)
  expect([...complaints, ...ofLabels].filter((each) => each !== undefined)).toEqual([])
})

test('ecs: the field list has the types that are checked', () => {
  expect(fields.get('labels')).toEqual({ type: 'object', isArray: false })
  expect(fields.get('client.ip')).toEqual({ type: 'ip', isArray: false })
  expect(complaint('event.duration', 1.5)).toBe('event.duration is no long: 1.5')
  expect(complaint('event.category', 'web')).toBe('event.category is not an array')
  expect(complaint('http.route', '/')).toBe('http.route is no field of ECS')
})

test('ecs: every line begins with what ECS loggers write first', () => {
  for (const { line } of samples) {
    const first = Object.keys(line).filter((key) => key !== 'message')
    expect(first.slice(0, 3)).toEqual(['@timestamp', 'log.level', 'ecs.version'])
  }
})

test('ecs: no key of a line is an object to which another key gives a value', () => {
  for (const { line } of samples) {
    const names = Object.keys(line)
    expect(names.filter((name) => names.some((other) => other.startsWith(`${name}.`)))).toEqual([])
  }
})

test('ecs: event.kind, event.outcome and event.type hold words that ECS allows', () => {
  const KINDS = ['alert', 'asset', 'enrichment', 'event', 'metric', 'state', 'pipeline_error', 'signal']
  const TYPE_WORDS = ['access', 'end', 'error', 'info', 'start']
  for (const { line } of samples) {
    expect(KINDS).toContain(line['event.kind'])
    expect(['failure', 'success', 'unknown', undefined]).toContain(line['event.outcome'])
    for (const word of (line['event.type'] ?? []) as string[]) expect(TYPE_WORDS).toContain(word)
    for (const word of (line['event.category'] ?? []) as string[]) expect(word).toBe('web')
  }
})

test('ecs: keyword fields are short enough to be searched', () => {
  const keys = [
    'http.request.id',
    'http.request.method',
    'event.action',
    'trace.id',
    'error.type',
    'error.code',
  ]
  for (const { line } of samples)
    for (const key of keys) expect(String(line[key] ?? '').length).toBeLessThanOrEqual(IGNORE_ABOVE)
})
