import Fastify, { type FastifyInstance, type FastifyReply, type FastifyServerOptions } from 'fastify'
import { expect, test } from 'vitest'
import waybill from '../src/index.js'
import { Capture } from './support/capture.js'
import { ask, listen } from './support/http.js'

/** Has an app refuse, without any route, whatever asks for a secret. */
function refuseSecrets(app: FastifyInstance): void {
  app.addConstraintStrategy({
    name: 'secret',
    storage: () => {
      const routes = new Map<unknown, unknown>()
      return { get: (key) => (routes.get(key) ?? null) as never, set: (key, route) => routes.set(key, route) }
    },
    deriveConstraint: (_request: unknown, _context: unknown, done?: (error: Error) => void) =>
      done?.(new Error('vault is sealed')),
  } as Parameters<FastifyInstance['addConstraintStrategy']>[0])
  app.get('/secret', { constraints: { secret: 'a' } }, async () => '')
}

const FRAMEWORK_ERRORS = [
  ['/%zz', 400, 'FST_ERR_BAD_URL'],
  [`/users/${'x'.repeat(200)}`, 414, 'FST_ERR_MAX_PARAM_LENGTH'],
  ['/secret', 500, 'FST_ERR_ASYNC_CONSTRAINT'],
] as const

function answerOwnWay(error: { code?: string }, _request: unknown, reply: FastifyReply): void {
  reply.code(422).send(error.code)
}

async function answers(
  options: FastifyServerOptions,
  target: string,
  log?: Capture,
): Promise<(number | string)[]> {
  const app = Fastify(options)
  if (log !== undefined) await app.register(waybill, { destination: log })
  app.get('/users/:id', async () => '')
  if (target === '/secret') refuseSecrets(app)
  const { status, body, headers } = await ask(await listen(app), target)
  await log?.completions(1)
  await app.close()
  const others = Object.entries(headers).filter(([name]) => name !== 'date' && name !== 'x-request-id')
  return [status, body, JSON.stringify(others)]
}

test.each(FRAMEWORK_ERRORS)(
  'logs what Fastify answered %s with, which the client gets as before',
  async (target, status, code) => {
    const log = new Capture()
    expect(await answers({}, target, log)).toEqual(await answers({}, target))
    expect(log.events('completed')).toMatchObject([{ outcome: 'rejected', status, error: { code } }])
    expect(log.events('completed')[0]).toHaveProperty('error.type', 'FastifyError')
  },
)

test.each(FRAMEWORK_ERRORS)('logs what an app answers %s with by itself', async (target, _status, code) => {
  const log = new Capture()
  const frameworkErrors = answerOwnWay as unknown as NonNullable<FastifyServerOptions['frameworkErrors']>
  expect(await answers({ frameworkErrors }, target, log)).toEqual(await answers({ frameworkErrors }, target))
  expect(log.events('completed')).toMatchObject([{ outcome: 'rejected', status: 422, error: { code } }])
})

test('logs neither the query nor the password that the message of a framework error quotes', async () => {
  const log = new Capture()
  const app = Fastify({ frameworkErrors: (_error, _request, reply) => reply.raw.writeHead(500).end() })
  await app.register(waybill, { destination: log })
  app.get('/users/:id', async () => '')
  await app.inject("/%zz?token='secret'")
  await app.inject('/%zz;token=secret')
  await app.inject(`/users/${'x'.repeat(200)}?token=secret`)
  const messages = log.events('completed').map(({ error }) => (error as { message: string }).message)
  expect(messages.slice(0, 2)).toEqual(Array(2).fill("'/%zz' is not a valid url component"))
  expect(messages[2]).toMatch(/x' is exceeding the max param length$/)
  expect(
    log.raw.join('').replaceAll('"path":"/%zz;token=secret"', '').replaceAll('GET /%zz;token=secret', ''),
  ).not.toContain('secret')
})
