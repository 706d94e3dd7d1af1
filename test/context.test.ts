import { AsyncResource } from 'node:async_hooks'
import { EventEmitter, once } from 'node:events'
import http from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import multipart from '@fastify/multipart'
import express from 'express'
import Fastify, { type FastifyInstance } from 'fastify'
import multer from 'multer'
import type { Logger } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { waybill as middleware } from '../src/express.js'
import plugin, { createLogger, currentRequest, log, type Options, requestId } from '../src/index.js'
import { Capture } from './support/capture.js'
import { listenFor, serveExpress, VERSIONS } from './support/express.js'
import { ask, listen } from './support/http.js'

/** An app of Fastify that listens, and what it logs. */
async function serveFastify(
  declare: (app: FastifyInstance) => unknown,
  options: Options = {},
): Promise<{ log: Capture; port: number; app: FastifyInstance }> {
  const capture = new Capture()
  const app = Fastify()
  await app.register(plugin, { destination: capture, ...options })
  await declare(app)
  onTestFinished(() => app.close())
  return { log: capture, port: await listen(app), app }
}

/** A body of several parts, as a browser sends a form with a file. */
async function sendForm(port: number, path: string, id: string): Promise<string> {
  const body = new FormData()
  body.append('name', 'Ada')
  body.append('file', new Blob(['x'.repeat(300_000)]), 'file.txt')
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body,
    headers: { 'x-request-id': id },
  })
  return response.text()
}

/** Sends JSON in two packets, the second one when the first has been read. */
async function sendSplit(port: number, path: string, id: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: h\r\nX-Request-Id: ${id}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"`,
  )
  await sleep(20)
  socket.write(':"b"}')
  const chunks: Buffer[] = await socket.toArray()
  return Buffer.concat(chunks).toString().split('\r\n\r\n')[1] ?? ''
}

/** Everything by which code goes on later. */
const WAYS: Record<string, () => Promise<unknown>> = {
  'after await': async () => {
    await sleep(1)
    return requestId()
  },
  'in a chain of promises': () => Promise.resolve().then(() => requestId()),
  'in timers': () => new Promise((resolve) => setTimeout(() => setImmediate(() => resolve(requestId())), 1)),
  'in an emitter that is bound': async () => {
    const emitter = new EventEmitter()
    const answer = new Promise((resolve) => {
      emitter.on(
        'event',
        AsyncResource.bind(() => resolve(requestId())),
      )
    })
    emitter.emit('event')
    return answer
  },
  'in a stream': async () => {
    const ids: unknown[] = []
    async function* ask() {
      for (let n = 0; n < 3; n++) {
        await sleep(1)
        ids.push(requestId())
        yield String(n)
      }
    }
    await pipeline(Readable.from(ask()), async (source) => {
      for await (const _ of source) ids.push(requestId())
    })
    return [...new Set(ids)].join()
  },
}

describe('Fastify', () => {
  test('requestId() returns the id after await, in timers, bound emitters and streams', async () => {
    const { port } = await serveFastify((app) => {
      app.get('/:way', async ({ params }) => WAYS[(params as { way: string }).way]?.())
    })
    for (const way of Object.keys(WAYS)) {
      const headers = { 'x-request-id': `id-${way.length}` }
      expect((await ask(port, `/${encodeURIComponent(way)}`, { headers })).body, way).toBe(`id-${way.length}`)
    }
  })

  test('requestId() returns the id in hooks, serializers and error handlers', async () => {
    const seen: unknown[] = []
    const { port, log: lines } = await serveFastify((app) => {
      const see = (where: string): void => {
        seen.push(`${where} ${requestId()}`)
      }
      app.addHook('onRequest', async () => see('onRequest'))
      app.addHook('preParsing', async () => see('preParsing'))
      app.addHook('preHandler', async () => see('preHandler'))
      app.addHook('preSerialization', async () => see('preSerialization'))
      app.addHook('onSend', async () => see('onSend'))
      app.addHook('onError', async () => see('onError'))
      app.addHook('onResponse', async () => see('onResponse'))
      app.setErrorHandler((_error, _request, reply) => {
        see('error handler')
        return reply.code(500).send({ failed: true })
      })
      app.setNotFoundHandler((_request, reply) => {
        see('not found')
        return reply.code(404).send()
      })
      app.post('/', async () => {
        see('handler')
        throw new Error('no')
      })
    })
    await sendSplit(port, '/', 'abc')
    await lines.completions(1)
    const hooks = ['onRequest', 'preParsing', 'preHandler', 'handler', 'onError', 'error handler']
    expect(seen.splice(0)).toEqual(
      [...hooks, 'preSerialization', 'onSend', 'onResponse'].map((where) => `${where} abc`),
    )
    await ask(port, '/nowhere', { headers: { 'x-request-id': 'def' } })
    await lines.completions(2)
    expect(seen).toContain('not found def')
    expect(seen.every((each) => String(each).endsWith(' def'))).toBe(true)
  })

  test('requestId() returns the id after a multipart form is parsed', async () => {
    const { port } = await serveFastify(async (app) => {
      await app.register(multipart)
      app.post('/', async (request) => {
        const ids = [requestId()]
        const file = await request.file()
        ids.push(requestId())
        await file?.toBuffer()
        ids.push(requestId())
        return [...new Set(ids)].join()
      })
    })
    expect(await sendForm(port, '/', 'abc')).toBe('abc')
  })

  test('requestId() returns the id in a stream that waits for its client', async () => {
    const ids = new Set<unknown>()
    const { port, log: lines } = await serveFastify((app) => {
      async function* rows() {
        for (let n = 0; n < 60; n++) {
          ids.add(requestId())
          yield 'x'.repeat(100_000)
        }
      }
      app.get('/', async () => Readable.from(rows()))
    })
    const socket = connect(port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: h\r\nX-Request-Id: abc\r\nConnection: close\r\n\r\n')
    await once(socket, 'readable')
    await sleep(20)
    socket.resume()
    await lines.completions(1)
    expect([...ids]).toEqual(['abc'])
  })

  test('each log line has the id once, whichever logger writes it', async () => {
    const {
      port,
      log: lines,
      app,
    } = await serveFastify((each) => {
      each.get('/', async (request) => {
        request.log.info('request.log')
        request.log.child({ part: 1 }).info('child of request.log')
        each.log.info('app.log')
        each.log.child({ part: 2 }).info('child of app.log')
        log.info('log')
        log.info({ part: 3 }, 'log with fields')
        each.log.info({ request_id: 'its own' }, 'own')
        return 'ok'
      })
    })
    await ask(port, '/', { headers: { 'x-request-id': 'abc' } })
    await lines.completions(1)
    app.log.info('outside')
    log.info('outside')
    const texts = lines.raw.filter((line) => !line.includes('"event"'))
    expect(lines.lines.find(({ message }) => message === 'own')).toMatchObject({ request_id_: 'its own' })
    expect(texts.map((line) => line.match(/"request_id":"[^"]*"/g)?.join())).toEqual([
      undefined,
      ...Array.from({ length: 7 }, () => '"request_id":"abc"'),
      undefined,
      undefined,
    ])
  })

  test('the logger of a request keeps its id, whatever is logged under that name', async () => {
    const forged = { request_id: 'forged' }
    const { port, log: lines } = await serveFastify((each) => {
      each.get('/:way', async (request) => {
        const { way } = request.params as { way: string }
        const logger = request.log as Logger
        if (way === 'fields') logger.info(forged, 'said')
        if (way === 'child') logger.child(forged).info('said')
        if (way === 'bindings') logger.setBindings(forged)
        if (way === 'bindings') logger.info('said')
        return ''
      })
    })
    for (const way of ['fields', 'child', 'bindings'])
      await ask(port, `/${way}`, { headers: { 'x-request-id': 'abc' } })
    await lines.completions(3)
    const said = lines.lines.filter(({ message }) => message === 'said')
    expect(said).toMatchObject(Array(3).fill({ request_id: 'abc', request_id_: 'forged' }))
  })

  test("on an app with its own logger, log writes through the request's", async () => {
    const lines = new Capture()
    const app = Fastify({ logger: { stream: lines, base: { app: 'shop' } } })
    await app.register(plugin)
    app.get('/', async () => {
      log.warn({ part: 1 }, 'within')
      return 'ok'
    })
    await app.inject({ path: '/', headers: { 'x-request-id': 'abc' } })
    log.info('outside')
    const own = lines.lines.filter(({ event }) => event === undefined)
    expect(own).toMatchObject([
      { app: 'shop', level: 40, request_id: 'abc', part: 1, msg: 'within' },
      { app: 'shop', level: 30, msg: 'outside' },
    ])
    expect(lines.raw.every((line) => line.split('"request_id"').length <= 2)).toBe(true)
  })

  test('context: false turns it off', async () => {
    const { port, log: lines } = await serveFastify(
      (app) => {
        app.get('/', async (request) => {
          request.log.info('request.log')
          log.info('log')
          return String(requestId() ?? currentRequest())
        })
      },
      { context: false },
    )
    expect((await ask(port, '/', { headers: { 'x-request-id': 'abc' } })).body).toBe('undefined')
    await lines.completions(1)
    const written = lines.lines.filter(({ event }) => event === undefined).slice(1)
    expect(written.map(({ request_id: id }) => id)).toEqual(['abc', undefined])
  })
})

describe.each(VERSIONS)('%s', (_version, create) => {
  test('requestId() returns the id after await, in timers, bound emitters and streams', async () => {
    const { get } = await serveExpress(create, (app) => {
      app.get('/:way', async ({ params }, response) => {
        response.send(await WAYS[params.way]?.())
      })
    })
    for (const way of Object.keys(WAYS)) {
      const { body } = await get(`/${encodeURIComponent(way)}`, { 'x-request-id': `id-${way.length}` })
      expect(body, way).toBe(`id-${way.length}`)
    }
  })

  test('requestId() returns the id after body parsers and in error handlers', async () => {
    const app = create()
    app.set('env', 'test')
    app.use(middleware({ destination: new Capture() }))
    app.post('/json', create.json(), (_request, response) => void response.send(requestId()))
    app.post('/form', multer().single('file'), (_request, response) => void response.send(requestId()))
    app.post('/failing', create.json(), () => {
      throw new Error('no')
    })
    app.use(((_error, _request, response, _next) => {
      response.send(requestId())
    }) as express.ErrorRequestHandler)
    const port = await listenFor(http.createServer(app))
    expect(await sendSplit(port, '/json', 'abc')).toBe('abc')
    expect(await sendForm(port, '/form', 'def')).toBe('def')
    expect(await sendSplit(port, '/failing', 'ghi')).toBe('ghi')
  })
})

test('requestId() returns the id in listeners on the body and on a response whose client leaves', async () => {
  const lines = new Capture()
  const seen: unknown[] = []
  const app = express().use(middleware({ destination: lines }))
  app.post('/read', (request, response) => {
    request.resume().on('end', () => response.send(requestId()))
  })
  app.get('/left', (_request, response) => {
    log.info('arrived')
    response.on('close', () => seen.push(requestId()))
  })
  const port = await listenFor(http.createServer(app))
  expect(await sendSplit(port, '/read', 'abc')).toBe('abc')
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /left HTTP/1.1\r\nHost: h\r\nX-Request-Id: def\r\n\r\n')
  await lines.until(({ message }) => message === 'arrived')
  socket.destroy()
  await lines.completions(2)
  expect(seen).toEqual(['def'])
})

test('a node:http listener may pass its own handler as next', async () => {
  const requestLog = middleware({ destination: new Capture() })
  const port = await listenFor(
    http.createServer((request, response) => {
      requestLog(request, response, () => {
        setTimeout(() => response.end(requestId()), 1)
      })
    }),
  )
  expect((await ask(port, '/', { headers: { 'x-request-id': 'abc' } })).body).toBe('abc')
})

test('currentRequest adds to the completion and fails it, from anywhere', async () => {
  async function charge(): Promise<void> {
    await sleep(1)
    currentRequest()?.add({ charged: true })
    currentRequest()?.fail(new Error('declined'))
  }
  const { port, log: lines } = await serveFastify((app) => {
    app.get('/', async (_request, reply) => {
      await charge()
      return reply.code(402).send()
    })
  })
  await ask(port, '/')
  const error = { type: 'Error', message: 'declined' }
  expect(await lines.completions(1)).toMatchObject([{ status: 402, charged: true, error }])
})

test('outside a request, requestId() and currentRequest() return undefined', () => {
  expect(requestId()).toBeUndefined()
  expect(currentRequest()).toBeUndefined()
})

test('of a thousand requests at once, none sees the id of another', async () => {
  const { port, log: lines } = await serveFastify((app) => {
    app.post('/:id', async (request) => {
      const { id } = request.params as { id: string }
      const seen = new Set<unknown>()
      for (let n = 0; n < 5; n++) {
        await (n % 2 === 0 ? sleep(Math.random() * 5) : new Promise(setImmediate))
        seen.add(requestId())
        log.info({ expected: id }, 'step')
      }
      return [...seen].join()
    })
  })
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 })
  onTestFinished(() => agent.destroy())
  const ids = Array.from({ length: 1000 }, (_, n) => `request-${n}`)
  const answers = await Promise.all(
    ids.map((id) =>
      ask(
        port,
        `/${id}`,
        { method: 'POST', agent, headers: { 'x-request-id': id, 'content-type': 'text/plain' } },
        id,
      ),
    ),
  )
  expect(answers.map(({ body }) => body)).toEqual(ids)
  await lines.completions(1000)
  const steps = lines.lines.filter(({ expected }) => expected !== undefined)
  expect(steps).toHaveLength(5000)
  expect(steps.filter(({ expected, request_id: id }) => expected !== id)).toEqual([])
}, 60_000)

test('a logger that was created before a request writes its id', async () => {
  const lines = new Capture()
  const module = createLogger({ destination: lines })
  const { port } = await serveFastify((app) => {
    app.get('/', async () => {
      module.info('from a module')
      return 'ok'
    })
  })
  module.info('at the start')
  await ask(port, '/', { headers: { 'x-request-id': 'abc' } })
  expect(lines.lines.map(({ request_id: id }) => id)).toEqual([undefined, 'abc'])
})
