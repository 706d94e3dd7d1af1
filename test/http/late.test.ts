import http from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { CurrentRequest } from '../../src/options.js'
import { startApp } from '../support/app.js'
import { listen } from '../support/http.js'

const warnings: { code: string; message: string }[] = []
const keep = ({ code, message }: Error & { code?: string }) => warnings.push({ code: code ?? '', message })

beforeAll(() => void process.on('warning', keep))
afterAll(() => void process.off('warning', keep))
beforeEach(() => {
  warnings.length = 0
})

const WAYBILL_WARN_LATE = 'WAYBILL_WARN_LATE'

/** The record of a request that has been completed. */
async function completed(): Promise<{ record: CurrentRequest; completion: () => unknown }> {
  const { app, log } = await startApp({ startLevel: false })
  let record: CurrentRequest | undefined
  app.get('/', async (request) => {
    record = request.waybill
    return ''
  })
  await app.inject('/')
  if (record === undefined) throw new Error('no request came')
  return { record, completion: () => log.lines }
}

/** Warnings are emitted in the next tick. */
const told = () => new Promise((resolve) => setImmediate(resolve))

test('warns once about each field added after the completion', async () => {
  const { record, completion } = await completed()
  const lines = JSON.stringify(completion())
  record.add({ late_user: 42, late_cache: 'hit' })
  record.add({ late_user: 43 })
  await told()
  expect(warnings).toEqual([
    {
      code: WAYBILL_WARN_LATE,
      message:
        'waybill: request.waybill.add("late_user") had no effect: the request had completed already (completed)',
    },
    {
      code: WAYBILL_WARN_LATE,
      message:
        'waybill: request.waybill.add("late_cache") had no effect: the request had completed already (completed)',
    },
  ])
  expect(JSON.stringify(completion())).toBe(lines)
})

test('warns once about fail() after the completion', async () => {
  const { record } = await completed()
  record.fail(new Error('too late'))
  record.fail(new Error('later yet'))
  await told()
  expect(warnings).toEqual([
    {
      code: WAYBILL_WARN_LATE,
      message:
        'waybill: request.waybill.fail(Error: too late) had no effect: the request had completed already (completed)',
    },
  ])
})

test('does not warn about add() and fail() before the completion', async () => {
  const { app } = await startApp()
  app.get('/', async (request) => {
    request.waybill.add({ in_time: 1 })
    request.waybill.fail(new Error('in time'))
    return ''
  })
  await app.inject('/')
  await told()
  expect(warnings).toEqual([])
})

test('warns a limited number of times about very many late fields', async () => {
  const { record } = await completed()
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  record.add(proxy)
  record.add(undefined as never)
  for (let index = 0; index < 5000; index++) record.add({ [`late_${index}`]: index })
  await told()
  expect(warnings.length).toBeGreaterThan(10)
  expect(warnings.length).toBeLessThan(200)
})

test('does not warn about a handler whose client has left', async () => {
  const { app, log } = await startApp({ startLevel: false })
  let record: CurrentRequest | undefined
  app.get('/', (request) => {
    record = request.waybill
    return new Promise(() => {})
  })
  const port = await listen(app)
  const asked = http.get({ host: '127.0.0.1', port, agent: false }).on('error', () => {})
  while (record === undefined) await told()
  asked.destroy()
  expect(await log.completions(1)).toMatchObject([{ outcome: 'aborted', status: 499 }])
  record.add({ left_user: 42 })
  await told()
  expect(warnings).toEqual([])
  await app.close()
})
