import { expect, test } from 'vitest'
import type { Line } from '../support/capture.js'
import { finish, SLOW_READER, startPiped } from '../support/program.js'

const ID = 'JKJaXmPLvHcESHA='
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
/** Among the levels by which Lambda filters: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html */
const LAMBDA_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

function fromHttpApi(path: string): object {
  const http = { method: 'GET', sourceIp: '203.0.113.7' }
  return { version: '2.0', rawPath: path, headers: {}, requestContext: { requestId: ID, http } }
}

/** The events that a handler is given for a request, by who sends them. */
const EVENTS: Readonly<Record<string, (path: string) => object>> = {
  'an HTTP API': fromHttpApi,
  'a REST API': (path: string) => ({
    httpMethod: 'GET',
    path,
    headers: {},
    requestContext: { requestId: ID, identity: { sourceIp: '203.0.113.7' } },
  }),
  'a load balancer': (path: string) => ({
    httpMethod: 'GET',
    path,
    headers: { 'x-request-id': ID },
    requestContext: { elb: {} },
  }),
}

/** Runs a handler in a process that stands still for good when the promise of the last one resolves. */
async function linesOf(events: readonly object[]): Promise<Line[]> {
  const program = `
    const { handler } = await import('./examples/deploy/lambda.mjs')
    for (const event of ${JSON.stringify(events)}) await handler(event, {})
    process.kill(process.pid, 'SIGKILL')
  `
  return read(program, 'cat')
}

/** The lines that a program writes on Lambda, as far as they came through its pipe. */
async function read(program: string, reader: string): Promise<Line[]> {
  const lambda = "process.env.AWS_LAMBDA_FUNCTION_NAME = 'shop'"
  const { stdout } = await finish(startPiped(`${lambda}\n${program}`, reader))
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

test.each(Object.entries(EVENTS))(
  'on AWS Lambda, behind %s, every line is written when the handler has answered',
  async (_sender, eventFor) => {
    const lines = await linesOf(
      ['/users/1', '/nowhere', '/broken', '/reports/20'].map((path) => eventFor(path)),
    )
    const shared = { timestamp: expect.stringMatching(RFC_3339), request_id: ID }
    const started = { ...shared, level: 'info', event: 'request.started' }
    const completed = { ...shared, event: 'request.completed', outcome: 'completed' }
    expect(lines).toMatchObject([
      { ...started, path: '/users/1' },
      { ...shared, level: 'info', message: 'looking up user' },
      { ...completed, level: 'info', status: 200, user_id: '1' },
      { ...started, path: '/nowhere' },
      { ...completed, level: 'warn', status: 404 },
      { ...started, path: '/broken' },
      { ...completed, level: 'error', status: 500, error: { message: 'the database does not answer' } },
      { ...started, path: '/reports/20' },
      { ...completed, level: 'info', status: 200 },
    ])
    for (const { level } of lines) expect(LAMBDA_LEVELS).toContain(level)
  },
)

test('on AWS Lambda, a streamed answer is completed in the log when it has been read', async () => {
  const program = `
    const { default: awsLambda } = await import('@fastify/aws-lambda')
    const { build } = await import('./examples/deploy/service.mjs')
    const { text } = await import('node:stream/consumers')
    const handler = awsLambda(await build(), { payloadAsStream: true })
    const { stream } = await handler(${JSON.stringify(fromHttpApi('/users/1'))}, {})
    await text(stream)
    process.kill(process.pid, 'SIGKILL')
  `
  expect(await read(program, 'cat')).toMatchObject([
    { event: 'request.started' },
    { message: 'looking up user' },
    { event: 'request.completed', status: 200, outcome: 'completed', response_bytes: 10 },
  ])
})

test('on AWS Lambda, a request of Express is completed before its handler has answered', async () => {
  const program = `
    const { default: express } = await import('express')
    const { default: serverless } = await import('@codegenie/serverless-express')
    const { waybill } = await import('waybill/express')
    const app = express()
    app.use(waybill())
    app.get('/users/:id', (request, response) => response.json({ id: request.params.id }))
    await serverless({ app })(${JSON.stringify(fromHttpApi('/users/1'))}, {})
    process.kill(process.pid, 'SIGKILL')
  `
  expect(await read(program, 'cat')).toMatchObject([
    { event: 'request.started', path: '/users/1' },
    {
      event: 'request.completed',
      route: '/users/:id',
      status: 200,
      outcome: 'completed',
      response_bytes: 10,
    },
  ])
})

test('on AWS Lambda, lines keep their order with a slow reader', async () => {
  const program = `
    const { createLogger } = await import('waybill')
    const log = createLogger()
    for (let n = 0; n < 2000; n++) log.info({ n, text: 'x'.repeat(200) })
  `
  const lines = await read(program, SLOW_READER)
  expect(lines.map(({ n }) => n)).toEqual(Array.from({ length: 2000 }, (_, n) => n))
})
