import Fastify from 'fastify'
import { expect, test } from 'vitest'
import waybill, { createLogger, type Options } from '../../src/index.js'

async function registrationError(create: () => Promise<unknown>): Promise<object> {
  return create().then(
    () => new Error('nothing was thrown'),
    (error: Error) => error,
  )
}

test('a wrong option fails the registration, not a request', async () => {
  const error = await registrationError(async () =>
    Fastify().register(waybill, { slow: 'fast' } as unknown as Options),
  )
  expect(error).toMatchObject({ name: 'WaybillError', code: 'WAYBILL_ERR_OPTION_TYPE', option: 'slow' })
})

test('a second registration is refused, in the same context and in a child', async () => {
  const twice = await registrationError(async () => {
    const app = Fastify()
    await app.register(waybill)
    await app.register(waybill)
  })
  const inChild = await registrationError(async () => {
    const app = Fastify()
    await app.register(waybill)
    await app.register(async (child) => {
      await child.register(waybill)
    })
  })
  expect(twice).toMatchObject({ code: 'WAYBILL_ERR_REGISTERED_TWICE' })
  expect(inChild).toMatchObject({ code: 'WAYBILL_ERR_REGISTERED_TWICE' })
})

test("Fastify's own header option, which believes any id, is refused", async () => {
  const error = await registrationError(async () =>
    Fastify({ requestIdHeader: 'x-request-id' }).register(waybill),
  )
  expect(error).toMatchObject({
    code: 'WAYBILL_ERR_FASTIFY_OPTION',
    option: 'requestIdHeader',
    message:
      'waybill: Fastify\'s option "requestIdHeader" must not be set, got "x-request-id": it trusts any id; use waybill\'s option "requestId.header"',
  })
})

test.each([
  { level: 'info' },
  { format: 'json' },
  { destination: { write: () => {} } },
  { maxHeldBytes: 9000 },
  { whenFull: 'block' },
] as Options[])('an option that the own logger of an app decides is refused: %o', async (options) => {
  const app = Fastify({ logger: { level: 'silent' } })
  const error = await registrationError(async () => app.register(waybill, options))
  expect(error).toMatchObject({ code: 'WAYBILL_ERR_OPTION_UNUSED', option: Object.keys(options)[0] })
})

test('a logger of its own takes no other options', () => {
  expect(() => createLogger({ slow: 5 } as object)).toThrow(
    expect.objectContaining({
      code: 'WAYBILL_ERR_OPTION_UNKNOWN',
      message:
        'waybill: unknown option "slow"; the options are level, format, service, version, environment, googleProject, journalPriority, destination, maxHeldBytes, whenFull, maxLineBytes, redact',
    }),
  )
})
