import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { MiddlewareOptions } from '../../src/express.js'
import { adapters } from './adapters.js'
import { startService as start } from './service.js'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

// The promises that every adapter keeps, but for those that it says it can't: these are expected to fail.
describe.each(adapters)('$name', (adapter) => {
  function promise(name: string, keep: () => Promise<void>): void {
    if (adapter.lacks.includes(name)) test.fails(name, keep)
    else test(name, keep)
  }

  async function startService(options: MiddlewareOptions = {}) {
    const service = await start(adapter, options)
    onTestFinished(service.close)
    return service
  }

  promise('a request has a start, the lines of its handler and a completion, tied by its id', async () => {
    const { client, log } = await startService()
    const { headers, body } = await client.ask('/users/42?token=secret', {
      headers: { 'X-Request-Id': 'abc', Authorization: 'Bearer secret', Cookie: 'session=secret' },
    })
    await log.completions(1)
    const ids = { timestamp: expect.stringMatching(TIME), level: 'info', request_id: 'abc' }
    const request = { method: 'GET', path: '/users/42' }
    const [started, line, completed] = log.lines.map(({ route: _, ...others }) => others)
    expect(started).toEqual({ ...ids, event: 'request.started', ...request, message: 'GET /users/42' })
    expect(line).toEqual({ ...ids, user: '42', message: 'looking up user' })
    expect(completed).toEqual({
      ...ids,
      event: 'request.completed',
      ...request,
      status: 200,
      duration_ms: expect.any(Number),
      outcome: 'completed',
      response_bytes: body.length,
      message: expect.stringMatching(/^GET \/users\/42 200 [\d.]+ms$/),
      user_id: '42',
    })
    expect(body).toBe('hello 42, abc')
    expect(headers['x-request-id']).toBe('abc')
    expect(log.raw.join('')).not.toContain('secret')
  })

  promise('the keys of a line stand in one order', async () => {
    const { client, log } = await startService({ service: 'shop' })
    await client.ask('/users/42')
    const keys = (await log.completions(1)).map((line) => Object.keys(line).filter((key) => key !== 'route'))
    expect(keys).toEqual([
      [
        ...[
          'timestamp',
          'level',
          'service',
          'event',
          'request_id',
          'method',
          'path',
          'status',
          'duration_ms',
        ],
        ...['outcome', 'response_bytes', 'message', 'user_id'],
      ],
    ])
  })

  promise('the start says which route matched', async () => {
    const { client, log } = await startService()
    await client.ask('/users/42')
    expect(await log.starts(1)).toMatchObject([{ route: '/users/:id' }])
  })

  promise('the completion says which route matched', async () => {
    const { client, log } = await startService()
    await client.ask('/users/42')
    await client.ask('/failing')
    expect(await log.completions(2)).toMatchObject([{ route: '/users/:id' }, { route: '/failing' }])
  })

  promise('what no route matches is a completed 404 at warn, without a route', async () => {
    const { client, log } = await startService()
    const { status, headers } = await client.ask('/nowhere')
    const [line] = await log.completions(1)
    expect(status).toBe(404)
    expect(headers['x-request-id']).toMatch(UUID)
    expect(line).toMatchObject({ level: 'warn', path: '/nowhere', status: 404, outcome: 'completed' })
    expect(line).not.toHaveProperty('route')
  })

  promise('a request without an id gets a UUID, on its answer and on every line', async () => {
    const { client, log } = await startService()
    const { headers } = await client.ask('/users/42')
    await log.completions(1)
    expect(new Set(log.lines.map(({ request_id: id }) => id))).toEqual(new Set([headers['x-request-id']]))
    expect(headers['x-request-id']).toMatch(UUID)
  })

  promise('an id that is not acceptable is replaced, and only the reason is told', async () => {
    const { client, log } = await startService()
    const ids = ['x'.repeat(129), 'no spaces', ['one', 'two']]
    for (const id of ids) await client.ask('/users/42', { headers: { 'X-Request-Id': id } })
    const starts = await log.starts(3)
    expect(starts.map(({ request_id_rejected: why }) => why)).toEqual(['length', 'charset', 'multiple'])
    for (const { request_id: id } of starts) expect(id).toMatch(UUID)
    expect(log.raw.join('')).not.toMatch(/xxx|no spaces|one|two/)
  })

  promise('the id of a client that is not believed is kept beside a new one', async () => {
    const { client, log } = await startService({
      requestId: { header: 'X-Trace', trust: 'never', generate: () => 'mine', responseHeader: 'X-Answer' },
    })
    const { headers } = await client.ask('/users/42', { headers: { 'X-Trace': 'theirs' } })
    expect(headers['x-answer']).toBe('mine')
    expect(headers).not.toHaveProperty('x-request-id')
    expect(await log.starts(1)).toMatchObject([{ request_id: 'mine', client_request_id: 'theirs' }])
  })

  promise('a completion is an error from 500 on, a warning from 400 on', async () => {
    const { client, log } = await startService()
    for (const status of [204, 302, 404, 503]) await client.ask(`/status/${status}`)
    const lines = await log.completions(4)
    expect(lines.map(({ level }) => level)).toEqual(['info', 'info', 'warn', 'error'])
    expect(lines.map(({ status }) => status)).toEqual([204, 302, 404, 503])
  })

  promise('the bytes of a body are those that were sent', async () => {
    const { client, log } = await startService()
    await client.ask('/status/200')
    await client.ask('/status/204')
    await client.ask('/status/304')
    const lines = await log.completions(3)
    expect(lines.map(({ response_bytes: bytes }) => bytes)).toEqual([9, 0, 0])
  })

  promise('the completion has what a handler threw', async () => {
    const { client, log } = await startService()
    expect((await client.ask('/failing')).status).toBe(500)
    const [line] = await log.completions(1)
    expect(line).toMatchObject({
      level: 'error',
      status: 500,
      outcome: 'completed',
      error: { type: 'TypeError', message: 'no such thing', stack: expect.stringContaining('service.ts') },
    })
  })

  promise('a failed request has one completion, with its status', async () => {
    const { client, log } = await startService()
    await client.ask('/failing')
    await client.ask('/users/42')
    expect(await log.completions(2)).toMatchObject([{ status: 500, level: 'error' }, { status: 200 }])
    expect(log.events('started')).toHaveLength(2)
  })

  promise('a client that leaves before the answer aborts its request', async () => {
    const { client, log } = await startService()
    await client.leave('/waiting', () => log.until(({ message }) => message === 'arrived'))
    expect(await log.completions(1)).toMatchObject([
      { level: 'info', path: '/waiting', status: 499, outcome: 'aborted', response_bytes: 0 },
    ])
  })

  promise('an answer that comes after its client has left is told of', async () => {
    const { client, log } = await startService({ level: 'debug' })
    await client.leave('/late', () => log.until(({ message }) => message === 'arrived'))
    const line = await log.until(({ late_ms: late }) => late !== undefined)
    const [completion] = log.events('completed')
    expect(completion).toMatchObject({ outcome: 'aborted' })
    expect(line).toMatchObject({ level: 'debug', request_id: completion?.request_id })
  })

  promise('an answer that the server breaks off is destroyed', async () => {
    const { client, log } = await startService()
    await client.endure('/half')
    expect(await log.completions(1)).toMatchObject([{ path: '/half', status: 200, outcome: 'destroyed' }])
  })

  promise('details are logged that were asked for by name, and queries redacted', async () => {
    const { client, log } = await startService({
      include: ['query', 'client_ip', 'user_agent', 'host', 'referer', 'header:x-tenant'],
      allowQuery: ['page'],
    })
    const headers = { 'User-Agent': 'curl/8', Referer: 'https://a.test/b?c=d', 'X-Tenant': 'acme' }
    await client.ask('/users/42?page=2&token=secret', { headers })
    expect(await log.completions(1)).toMatchObject([
      {
        query: 'page=2&token=[redacted]',
        client_ip: '127.0.0.1',
        user_agent: 'curl/8',
        host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        referer: 'https://a.test/b',
        'header:x-tenant': 'acme',
      },
    ])
  })

  promise('the trace that a request belongs to is on its lines', async () => {
    const { client, log } = await startService()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await client.ask('/users/42', { headers: { traceparent } })
    await log.completions(1)
    const trace = { trace_id: traceparent.slice(3, 35), span_id: 'b7ad6b7169203331', trace_flags: '01' }
    expect(log.lines).toMatchObject([trace, trace, trace])
  })

  promise('options decide which events there are and at which level', async () => {
    const seen: unknown[] = []
    const { client, log } = await startService({
      startLevel: false,
      slow: 0.000001,
      completionLevel: ({ method, path, status, outcome, slow, level }) => {
        seen.push({ method, path, status, outcome, slow, level })
        return 'error'
      },
    })
    await client.ask('/users/42')
    expect(await log.completions(1)).toMatchObject([{ level: 'error', slow: true }])
    expect(log.events('started')).toEqual([])
    const completion = { method: 'GET', path: '/users/42', status: 200, outcome: 'completed' }
    expect(seen).toEqual([{ ...completion, slow: true, level: 'warn' }])
  })

  promise('the level decides what is written, not what is accounted for', async () => {
    const { client, log } = await startService({ level: 'warn' })
    await client.ask('/users/42')
    await client.ask('/status/404')
    await log.completions(1)
    expect(log.lines).toMatchObject([{ event: 'request.completed', status: 404 }])
  })

  promise('every format is written', async () => {
    const { client, log } = await startService({ format: 'logfmt' })
    await client.ask('/users/42')
    await client.ask('/users/43')
    expect(log.raw[2]).toMatch(/ event=request\.completed request_id=\S+ method=GET path=\/users\/42 /)
  })

  promise('a terminal shows one short line an event', async () => {
    const { client, log } = await startService({ format: 'pretty' })
    await client.ask('/users/42', { headers: { 'X-Request-Id': 'abc' } })
    await client.ask('/users/43')
    expect(log.raw.slice(0, 3).map((line) => line.trimEnd().replace(/^\S+ | +/g, ' '))).toEqual([
      ' --> abc GET /users/42',
      ' INFO abc looking up user user=42',
      expect.stringMatching(/^ 200 [\d.]+ms abc GET \/users\/42 \d+B user_id=42$/),
    ])
  })
})

test('docs/adapters.md names every promise that an adapter can not keep', () => {
  const page = readFileSync(new URL('../../docs/adapters.md', import.meta.url), 'utf8')
  for (const promise of adapters.flatMap(({ lacks }) => lacks)) expect(page).toContain(`| ${promise} |`)
})

describe.each(adapters)('$name: a wrong option', (adapter) => {
  test.each([
    [{ slow: 'fast' }, 'WAYBILL_ERR_OPTION_TYPE', 'slow'],
    [{ slow: -1 }, 'WAYBILL_ERR_OPTION_VALUE', 'slow'],
    [{ colour: true }, 'WAYBILL_ERR_OPTION_UNKNOWN', 'colour'],
    [{ requestId: { trust: 'some' } }, 'WAYBILL_ERR_OPTION_VALUE', 'requestId.trust'],
    [{ include: ['cookie'] }, 'WAYBILL_ERR_OPTION_VALUE', 'include[0]'],
    [{ allowQuery: ['page'] }, 'WAYBILL_ERR_OPTION_UNUSED', 'allowQuery'],
    [{ whenFull: 'drop' }, 'WAYBILL_ERR_OPTION_UNUSED', 'whenFull'],
  ])('%o is refused when it is given', async (options, code, option) => {
    const error = await start(adapter, options as MiddlewareOptions).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'WaybillError', code, option })
  })
})
