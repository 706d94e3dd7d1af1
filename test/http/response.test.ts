import { createServer, get, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import compression from 'compression'
import express from 'express'
import { expect, test } from 'vitest'
import { waybill } from '../../src/express.js'
import { Capture } from '../support/capture.js'

/** Answers one request; gives the size of the body, and what was noted of it. */
async function answer(handle: (response: ServerResponse) => void): Promise<{ body: string; bytes: unknown }> {
  const log = new Capture()
  const logged = waybill({ destination: log, startLevel: false })
  const server = createServer((request, response) => {
    logged(request, response)
    handle(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const body = await new Promise<string>((resolve) => {
    get(
      { host: '127.0.0.1', port: (server.address() as AddressInfo).port, agent: false },
      async (response) => {
        resolve((await buffer(response)).toString('latin1'))
      },
    )
  })
  const [completion] = await log.completions(1)
  await new Promise((resolve) => server.close(resolve))
  return { body, bytes: completion?.response_bytes }
}

test('counts bytes, not characters, in whichever encoding they are written', async () => {
  const { body, bytes } = await answer((response) => {
    response.write('é')
    response.write('é', 'latin1')
    response.write(new Uint8Array([1, 2, 3]))
    response.end('48690a', 'hex')
  })
  expect(bytes).toBe(9)
  expect(body).toHaveLength(9)
})

test('write() says when to wait, and both call back', async () => {
  const called: string[] = []
  const returned: unknown[] = []
  await answer((response) => {
    returned.push(response.write('small', () => called.push('write')))
    returned.push(response.write(Buffer.alloc(1_000_000)))
    returned.push(response.end('end', 'utf8', () => called.push('end')) === response)
  })
  expect(returned).toEqual([true, false, true])
  expect(called).toEqual(['write', 'end'])
})

test('an end() that throws does not count, the next one does', async () => {
  const { body, bytes } = await answer((response) => {
    expect(() => response.end({})).toThrow(TypeError)
    expect(() => response.write({})).toThrow(TypeError)
    response.end('fallback')
    response.end()
  })
  expect([body, bytes]).toEqual(['fallback', 8])
})

test('bytes written by wrapping middleware are counted as sent', async () => {
  const { body, bytes } = await answer((response) => {
    const { end } = response
    response.end = ((chunk: string) =>
      end.call(response, chunk.toUpperCase().repeat(2), 'utf8')) as typeof response.end
    response.end('twice')
  })
  expect([body, bytes]).toEqual(['TWICETWICE', 10])
})

test('adds no enumerable property to a request or its response', async () => {
  const keysOf = (object: object): PropertyKey[] => Reflect.ownKeys(object)
  const seen: Record<string, PropertyKey[]> = {}
  const server = createServer((request, response) => {
    const before = [keysOf(request), keysOf(response)]
    logged(request, response, () => {
      seen.request = keysOf(request).filter((key) => !before[0]?.includes(key))
      seen.response = keysOf(response).filter((key) => !before[1]?.includes(key))
      seen.enumerable = Object.keys(request).filter((key) => !before[0]?.includes(key))
      seen.listeners = response
        .eventNames()
        .flatMap((event) => [event, String(response.listenerCount(event))])
      response.end()
    })
  })
  const logged = waybill({ destination: new Capture() })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const plain = createServer((_request, response) => {
    seen.without = response.eventNames().flatMap((event) => [event, String(response.listenerCount(event))])
    response.end()
  })
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
  for (const each of [server, plain]) {
    await fetch(`http://127.0.0.1:${(each.address() as AddressInfo).port}/`)
    each.close()
  }
  expect(seen).toEqual({
    request: ['id', 'log', 'waybill'],
    response: [],
    enumerable: [],
    listeners: seen.without,
    without: seen.without,
  })
})

test.each(['before', 'after'])(
  'what compression sends is counted where it stands %s the middleware',
  async (order) => {
    const log = new Capture()
    const app = express()
    if (order === 'before') app.use(compression({ threshold: 0 }))
    app.use(waybill({ destination: log, startLevel: false }))
    if (order === 'after') app.use(compression({ threshold: 0 }))
    app.get('/', (_request, response) => void response.send('a'.repeat(100_000)))
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const body = await new Promise<Buffer>((resolve) => {
      const headers = { 'accept-encoding': 'gzip' }
      get({ host: '127.0.0.1', port, agent: false, headers }, async (response) =>
        resolve(await buffer(response)),
      )
    })
    await new Promise((resolve) => server.close(resolve))
    expect(body.length).toBeLessThan(1000)
    expect(await log.completions(1)).toMatchObject([{ response_bytes: body.length }])
  },
)

test('responses of custom classes are counted, and other servers stay untouched', async () => {
  const calls: string[] = []
  class Own extends ServerResponse {
    override end(...rest: unknown[]): this {
      calls.push('end')
      return super.end(...(rest as [chunk: unknown, encoding: BufferEncoding]))
    }
  }
  const log = new Capture()
  const logged = waybill({ destination: log, startLevel: false })
  const bare = createServer({ ServerResponse: Own, IncomingMessage }, (_request, response) =>
    response.end('bare'),
  )
  const server = createServer({ ServerResponse: Own, IncomingMessage }, (request, response) => {
    logged(request, response)
    response.write('wh')
    response.end('ole')
  })
  for (const each of [server, bare]) {
    await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve))
    const answer = await fetch(`http://127.0.0.1:${(each.address() as AddressInfo).port}/`)
    expect(await answer.text()).toBe(each === server ? 'whole' : 'bare')
    expect(answer.headers.has('x-request-id')).toBe(each === server)
    each.close()
    each.closeAllConnections()
  }
  expect(calls).toEqual(['end', 'end'])
  expect(await log.completions(1)).toMatchObject([{ status: 200, response_bytes: 5, outcome: 'completed' }])
})
