import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Fastify from 'fastify'
import { afterAll, expect, test } from 'vitest'
import type { LoggedError } from '../../../src/format/log-line.js'
import { prettyFormat } from '../../../src/format/pretty/index.js'
import { waybill } from '../../../src/index.js'
import { startApp } from '../../support/app.js'
import { Capture } from '../../support/capture.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'waybill-errors-')))
const cwd = join(root, 'shop')
mkdirSync(join(cwd, 'node_modules/dep'), { recursive: true })
afterAll(() => rmSync(root, { recursive: true }))

const SOURCE = ['one()', '', '\tif (failed)', '\t\tthrow new Error(日本, failed)', '\tdone()', '}', 'last()']
const file = join(cwd, 'pay.js')
writeFileSync(file, SOURCE.join('\n'))
writeFileSync(join(cwd, 'node_modules/dep/index.js'), SOURCE.join('\n'))
writeFileSync(join(root, 'secret.js'), 'const secret = 1')
symlinkSync(join(root, 'secret.js'), join(cwd, 'link.js'))
writeFileSync(join(cwd, 'bundle.js'), `x\n${'y'.repeat(600_000)}`)

/** What is shown below the row of a log line with an error. */
function shown(error: LoggedError, columns = 80, level: 'error' | 'warn' = 'error'): string[] {
  const terminal = { isShared: false, manyColors: false, columns: () => columns, cwd }
  const { logLine } = prettyFormat(
    { started: [], running: [], completed: [] },
    { colors: false, maxLineBytes: 8000, terminal },
  )
  const line = logLine({
    ...{ level, time: 0, requestId: undefined, event: undefined, message: 'failed', truncated: false },
    ...{ trace: undefined, tracerIds: undefined, error, fields: [] },
  })
  const [, ...others] = line.trimEnd().split('\n')
  for (const each of others) expect(each).toMatch(/^ {4}/)
  return others.map((each) => each.slice(4))
}

/** An error with a stack of so many frames, as the app, its packages and Node.js have them. */
function errorWith(message: string, frames: readonly string[], rest = ''): LoggedError {
  const stack = [`Error: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n')
  return { type: 'Error', message, stack: stack + rest }
}

const OWN = `pay (${pathToFileURL(file)}:4:9)`
const CALLER = `async Object.<anonymous> (${join(cwd, 'app.js')}:12:3)`
const FOREIGN = [
  `preHandlerCallback (${cwd}/node_modules/fastify/lib/handle-request.js:152:37)`,
  `runMicrotasks (${cwd}/node_modules/@scope/name/index.js:1:1)`,
  'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
  'new Promise (<anonymous>)',
]

test('an error shows its type, its code, the source that threw it and its own frames', () => {
  const error = errorWith('no answer', [OWN, CALLER, ...FOREIGN])
  expect(shown({ ...error, type: 'PaymentError', code: 'E_PAY', order: 'a1' })).toEqual([
    'PaymentError [E_PAY]: no answer',
    '  order=a1',
    '    3 │   if (failed)',
    '  > 4 │     throw new Error(日本, failed)',
    '      │           ^',
    '    5 │   done()',
    '    6 │ }',
    '  at pay (pay.js:4:9)',
    '  at app.js:12:3',
    '  … 3 frames of fastify, @scope/name, node',
  ])
})

test('one error with a cause takes at most 14 lines', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  app.get('/', async () => {
    throw new TypeError('broken', { cause: new Error('deeper', { cause: undefined }) })
  })
  await app.inject('/')
  const lines = log.raw[1]?.trimEnd().split('\n') ?? []
  expect(lines.length).toBeLessThanOrEqual(14)
  expect(lines[1]).toBe('    TypeError: broken')
  expect(lines).toContain('    └─ caused by Error: deeper')
  expect(lines.join('\n')).toMatch(/ {4} {2}> \d+ │ {3}throw new TypeError\('broken'/)
  expect(lines.join('\n')).toMatch(/at .*\/errors\.test\.ts:\d+:\d+/)
  expect(lines.join('\n')).not.toContain('node_modules')
})

test('causes and the parts of an AggregateError are a tree, without the frames of the error above', () => {
  const frames = [OWN, CALLER, ...FOREIGN].map((frame) => `    at ${frame}`).join('\n')
  const part = (at: number): string =>
    `\ncaused by ${at} of 2: RangeError: part ${at}\n    at x (${cwd}/x.js:1:${at})\n${frames}`
  const rest = `${part(1)}\ncaused by: Error: deeper\n    at dns (node:dns:1:1)${part(2)}\nwhile handling: Error: before`
  const lines = shown(errorWith('all failed', [OWN, CALLER, ...FOREIGN], rest))
  expect(lines.slice(lines.indexOf('├─ 1 of 2 RangeError: part 1'))).toEqual([
    '├─ 1 of 2 RangeError: part 1',
    '│    at x (x.js:1:1)',
    '│    … 5 as above',
    '│  └─ caused by Error: deeper',
    '│       … 1 frame of node',
    '├─ 2 of 2 RangeError: part 2',
    '│    at x (x.js:1:2)',
    '│    … 5 as above',
    '└─ while handling Error: before',
  ])
})

test.each([
  ['a file of node_modules', `f (${cwd}/node_modules/dep/index.js:4:1)`],
  ['a file outside of the working directory', `f (${join(root, 'secret.js')}:1:1)`],
  ['a path that leads out of it', `f (${cwd}/../secret.js:1:1)`],
  ['a link that leads out of it', `f (${join(cwd, 'link.js')}:1:1)`],
  ['a directory', `f (${cwd}/node_modules:1:1)`],
  ['a file that is too long', `f (${join(cwd, 'bundle.js')}:1:1)`],
  ['a file that is not there', `f (${join(cwd, 'gone.js')}:1:1)`],
  ['a line that is not there', `f (${file}:99:1)`],
  ['a column that nobody has written', `f (${file}:4:4000)`],
  ['a URL of another kind', 'f (https://example.com/x.js:1:1)'],
])('no source is quoted from %s', (_name, frame) => {
  expect(shown(errorWith('broken', [frame])).join('\n')).not.toContain('│')
})

test('a message that looks like a frame quotes no file', () => {
  const forged = `broken\n    at f (${file}:4:9)`
  for (const error of [
    errorWith(forged, ['g (node:fs:1:1)']),
    { ...errorWith(forged, ['g (node:fs:1:1)']), message: 'changed later' },
    { ...errorWith('x', ['g (node:fs:1:1)'], `\ncaused by: Error: ${forged}`) },
    { ...errorWith('', []), stack: `Error: ${forged}` },
  ]) {
    expect(shown(error).join('\n')).not.toContain('│')
  }
})

test('an excerpt begins and ends with no blank line', () => {
  const quoted = join(cwd, 'blank.js')
  writeFileSync(quoted, ['first()', '', 'throws()', ' ', '', 'last()', '', ''].join('\n'))
  const excerptOf = (row: number): string[] =>
    shown(errorWith('broken', [`f (${quoted}:${row}:1)`])).filter((line) => /│ ?.*[a-z]|│$/.test(line))
  expect(excerptOf(3)).toEqual(['    1 │ first()', '    2 │', '  > 3 │ throws()'])
  expect(excerptOf(6)).toEqual(['  > 6 │ last()'])
  expect(excerptOf(7)).toEqual(['    6 │ last()', '  > 7 │'])
})

test('a storm of errors reads a file once, until it changes', () => {
  const quoted = join(cwd, 'quoted.js')
  writeFileSync(quoted, 'first()')
  const error = errorWith('broken', [`f (${quoted}:1:1)`])
  expect(shown(error).join('\n')).toContain('first()')
  const began = performance.now()
  for (let n = 0; n < 500; n++) shown(error)
  expect(performance.now() - began).toBeLessThan(2000)
  writeFileSync(quoted, 'second()')
  expect(shown(error).join('\n')).toContain('second()')
})

test('what a validator found is a list', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  app.post('/', async () => {
    const issues = [
      { path: ['user', 'name'], message: 'expected string' },
      { path: ['items', 0], message: 'too \x1b[31msmall' },
    ]
    const stack = 'ZodError: [\n  {}\n]\n    at x'
    throw Object.assign(new Error(JSON.stringify(issues, null, 2)), {
      name: 'ZodError',
      issues,
      stack,
      statusCode: 422,
    })
  })
  await app.inject({ method: 'POST', url: '/' })
  expect(log.raw[1]?.split('\n').slice(1, -1)).toEqual([
    '    ZodError: 2 problems',
    '      • user.name expected string',
    '      • items.0 too \\x1b[31msmall',
  ])
})

test.each([
  [
    'a list that throws',
    new Proxy([1], { get: (target, key) => (key === 'length' ? target.length : fail()) }),
  ],
  ['a problem that throws', [{ message: 'one' }, Object.defineProperty({}, 'message', { get: fail })]],
  ['a list of a million', Array(1_000_000).fill({ instancePath: '/x', message: 'wrong' })],
  ['odd problems', [null, 1, Symbol('s'), { path: [Symbol('s')] }]],
])('%s costs no line', async (_name, validation) => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  app.get('/', async () => {
    throw Object.assign(new Error('broken'), { statusCode: 400, validation })
  })
  await app.inject('/')
  expect(log.raw).toHaveLength(2)
  expect(log.raw[1]).toContain('broken')
})

function fail(): never {
  throw new Error('read')
}

test('an error in a field of another name is shown below its row', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  const stack = 'Error: deep\n    at x (node:fs:1:1)'
  app.log.info({ reason: Object.assign(new Error('deep'), { stack }), other: 1 }, 'going on')
  expect(log.raw[0]?.split('\n').slice(1, -1)).toEqual(['    reason: Error: deep', '      … 1 frame of node'])
  expect(log.raw[0]).toContain('going on other=1\n')
})

test('a message that is the list itself is not shown beside it, any other is', async () => {
  const log = new Capture()
  const app = Fastify({ ajv: { customOptions: { allErrors: true } } })
  await app.register(waybill, { format: 'pretty', destination: log })
  const body = { type: 'object', required: ['total', 'user'] }
  app.post('/', { schema: { body } }, async () => '')
  app.post('/own', { schema: { body }, attachValidation: true }, async ({ validationError }) => {
    throw Object.assign(new Error('no order'), { statusCode: 400, validation: validationError?.validation })
  })
  for (const url of ['/', '/own']) await app.inject({ method: 'POST', url, payload: {} })
  const list = [`      • must have required property 'total'`, `      • must have required property 'user'`]
  expect(log.raw.map((text) => text.split('\n').slice(1, -1))).toEqual([
    ['    Error [FST_ERR_VALIDATION]: 2 problems in body', ...list],
    ['    Error: no order', ...list],
  ])
})

test('one problem is what the message says', async () => {
  const { app, log } = await startApp({ format: 'pretty', startLevel: 'info' })
  const body = { type: 'object', required: ['total'], properties: { total: { type: 'integer' } } }
  app.post('/', { schema: { body } }, async () => '')
  await app.inject({ method: 'POST', url: '/', payload: {} })
  expect(log.raw[1]?.split('\n').slice(1, -1)).toEqual([
    "    Error [FST_ERR_VALIDATION]: body must have required property 'total'",
  ])
})

test('a long message is wrapped between words, and one of many lines is cut', () => {
  const lines = shown({ type: 'Error', message: `${'word '.repeat(40)}\n${'line\n'.repeat(40)}` })
  expect(lines).toHaveLength(21)
  expect(lines[20]).toMatch(/^… \d+ more lines$/)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(76)
})

test.each([
  [{ message: 'none' }, ['none']],
  [{ code: 'HPE_INVALID_METHOD' }, ['HPE_INVALID_METHOD']],
  [{ type: 'Error', message: '' }, ['Error']],
  [{ type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' }, ['Error: connect ECONNREFUSED']],
  [{ type: 'Error', message: 'x', errno: -111, name: 'y' }, ['Error: x', '  errno=-111']],
  [{ stack: 'Error: x\n    at y' }, ['Error: x']],
])('%j is shown', (error, lines) => {
  expect(shown(error)).toEqual(lines)
})
