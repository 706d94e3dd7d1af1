import { expect, test } from 'vitest'
import { startApp } from './support/app.js'

test('shows the error that a handler tells of when it answers it itself, and none when it answers well', async () => {
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
