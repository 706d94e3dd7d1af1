import { expect, test } from 'vitest'
import { startApp } from '../support/app.js'

test('fail() adds the error to a failed request, not to a good answer', async () => {
  const { app, log } = await startApp({ startLevel: false })
  app.get<{ Params: { status: number } }>('/:status', async (request, reply) => {
    request.waybill.fail(new RangeError('broken'))
    return reply.code(request.params.status).send('')
  })
  await app.inject('/500')
  await app.inject('/400')
  await app.inject('/200')
  const error = { type: 'RangeError', message: 'broken' }
  expect(log.lines.map((line) => line.error)).toEqual([
    { ...error, stack: expect.stringMatching(/\n {4}at /) },
    error,
    undefined,
  ])
})
