import http from 'node:http'
import Fastify from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { FastifyRequests } from '../src/adapters/fastify-requests.js'
import { waybill as middleware } from '../src/express.js'
import { IdSender } from '../src/http/id-sender.js'
import { Visit } from '../src/http/visit.js'
import { Visits } from '../src/http/visits.js'
import waybill from '../src/index.js'
import { Ledger } from '../src/ledger.js'
import { countFaults } from '../src/safely.js'
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
  ...['receive', 'enter', 'leave', 'held', 'of'].map((name): [string, object] => [name, Visits.prototype]),
  ...['wrote', 'wroteHead', 'ended', 'finished', 'closed', 'isGone'].map((name): [string, object] => [
    name,
    Visit.prototype,
  ]),
  ...['open', 'close', 'now'].map((name): [string, object] => [name, Ledger.prototype]),
]

test.each([
  ...STEPS,
  ...['acceptId', 'arrived', 'failed'].map((name): [string, object] => [name, FastifyRequests.prototype]),
  ['sendWith', IdSender.prototype] as [string, object],
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
  if (name !== 'held') expect(countFaults()).toBeGreaterThan(before)
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
