import { once } from 'node:events'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import * as undici from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import waybill from '../../src/index.js'
import { Capture } from '../support/capture.js'

/** Answers with the status that is asked for, and half of a body, whose rest comes with the end of the test. */
function answer({ url }: Pick<IncomingMessage, 'url'>, response: ServerResponse): void {
  response.writeHead(Number(url?.slice(1))).write('half')
}

const servers = {
  http: http.createServer(answer),
  http2: http2.createServer((request, response) => answer(request, response as unknown as ServerResponse)),
}
const port = { http: 0, http2: 0 }
const closing: (() => void)[] = []

beforeAll(async () => {
  for (const name of ['http', 'http2'] as const) {
    await once(servers[name].listen(0, '127.0.0.1'), 'listening')
    port[name] = (servers[name].address() as AddressInfo).port
  }
})

afterAll(() => {
  for (const close of closing) close()
  for (const server of Object.values(servers)) server.close()
  servers.http.closeAllConnections()
})

/** Each makes a call and reads nothing but the head of its answer. */
const CLIENTS: Record<string, (path: string) => Promise<{ discard(): void }>> = {
  fetch: async (path) => {
    const response = await fetch(`http://127.0.0.1:${port.http}${path}`)
    return { discard: () => void response.body?.cancel() }
  },
  undici: async (path) => {
    const { body } = await undici.request(`http://127.0.0.1:${port.http}${path}`)
    return { discard: () => void body.on('error', () => {}).destroy() }
  },
  'http.request': async (path) => {
    const request = http.get(`http://127.0.0.1:${port.http}${path}`)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { discard: () => void response.on('error', () => {}).destroy() }
  },
  http2: async (path) => {
    const session = http2.connect(`http://127.0.0.1:${port.http2}`)
    closing.push(() => session.destroy())
    const stream = session.request({ ':path': path })
    await once(stream, 'response')
    return { discard: () => stream.close(http2.constants.NGHTTP2_CANCEL) }
  },
}

/** How many calls of a request failed by its completion. */
async function failedOf(handle: () => Promise<unknown>): Promise<unknown> {
  const log = new Capture()
  const app = Fastify()
  await app.register(waybill, { destination: log })
  app.get('/', async () => {
    await handle()
    return ''
  })
  await app.inject('/')
  await app.close()
  const [completion] = await log.completions(1)
  const { failed } = (completion?.calls ?? {}) as Record<string, number>
  return failed
}

describe.each(Object.entries(CLIENTS))('a call by %s whose body is not read', (_name, call) => {
  test.each([
    ['/200', 0],
    ['/404', 0],
    ['/500', 1],
    ['/503', 1],
  ])('to %s counts as failed by its status', async (path, failed) => {
    expect(
      await failedOf(async () => {
        const { discard } = await call(path)
        closing.push(discard)
      }),
    ).toBe(failed)
  })

  test('counts as failed once when the rest is then discarded', async () => {
    expect(
      await failedOf(async () => {
        const { discard } = await call('/500')
        discard()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }),
    ).toBe(1)
  })
})
