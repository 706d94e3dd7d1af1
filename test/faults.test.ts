import http from 'node:http'
import Fastify from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { FastifyRequests } from '../src/adapters/fastify-requests.js'
import { waybill as middleware } from '../src/express.js'
import { Tracker } from '../src/http/exchange.js'
import waybill from '../src/index.js'
import { RequestRecord } from '../src/request/record.js'
import { countFaults } from '../src/safely.js'
import { Capture } from './support/capture.js'
import { listenFor } from './support/express.js'
import { ask, listen } from './support/http.js'

afterEach(() => void vi.restoreAllMocks())

const DESTINATION = { write: () => {} }

function breakMethod(holder: object, name: string): void {
  vi.spyOn(holder as Record<string, () => void>, name).mockImplementation(() => {
    throw new Error(`${name} is broken`)
  })
}

const STEPS: [string, object][] = [
  ...['receive', 'create', 'open', 'attach', 'start', 'end', 'late', 'of'].map((name): [string, object] => [
    name,
    Tracker.prototype,
  ]),
  ...['useLogger', 'threw', 'callCostBy'].map((name): [string, object] => [name, RequestRecord.prototype]),
]

test.each([
  ...STEPS,
  ...['acceptId', 'arrived', 'failed'].map((name): [string, object] => [name, FastifyRequests.prototype]),
])('on Fastify, requests are answered when %s throws', async (name, holder) => {
  const app = Fastify()
  await app.register(waybill, { destination: DESTINATION })
  app.get('/', async () => 'whole')
  app.get('/error', async () => {
    throw new Error('of the app')
  })
  const port = await listen(app)
  const before = countFaults()
  breakMethod(holder, name)
  expect(await ask(port, '/')).toMatchObject({ status: 200, body: 'whole' })
  expect(await ask(port, '/error')).toMatchObject({ status: 500 })
  if (name !== 'late') expect(countFaults()).toBeGreaterThan(before)
  vi.restoreAllMocks()
  await app.close()
})

test.each(STEPS)('with the middleware, requests are answered when %s throws', async (name, holder) => {
  const logged = middleware({ destination: DESTINATION })
  const server = http.createServer((request, response) =>
    logged(request, response, () => {
      response.write('wh')
      response.end('ole')
    }),
  )
  logged.attach(server)
  const port = await listenFor(server)
  breakMethod(holder, name)
  expect(await ask(port, '/')).toMatchObject({ status: 200, body: 'whole' })
})

test.each(['start', 'useLogger', 'threw', 'callCostBy'])(
  'a request has one completion all the same when %s throws',
  async (name) => {
    const log = new Capture()
    const app = Fastify()
    await app.register(waybill, { destination: log, startLevel: false })
    app.get('/', async () => 'whole')
    app.get('/error', async () => {
      throw new Error('of the app')
    })
    const port = await listen(app)
    breakMethod(name === 'start' ? Tracker.prototype : RequestRecord.prototype, name)
    await ask(port, '/')
    await ask(port, '/error')
    expect(await log.completions(2)).toMatchObject([
      { path: '/', status: 200, outcome: 'completed' },
      { path: '/error', status: 500, outcome: 'completed', level: 'error' },
    ])
    vi.restoreAllMocks()
    await app.close()
  },
)
