import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { createWatch } from '../src/http/response.js'

/** Answers one request with a watched response; gives the size of the body, and what was told of it. */
async function answer(
  handle: (response: ServerResponse) => void,
): Promise<{ body: string; bytes: number[] }> {
  const bytes: number[] = []
  const watch = createWatch(undefined)
  const nothing = (): void => {}
  const server = createServer((_request, response) => {
    watch(response, {
      idToSend: 'abc',
      idIsSet: false,
      isGone: () => false,
      wroteHead: nothing,
      wrote: (size) => bytes.push(size),
      wroteToNobody: nothing,
      held: nothing,
      ended: nothing,
      finished: nothing,
      closed: nothing,
    })
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
  await new Promise((resolve) => server.close(resolve))
  return { body, bytes }
}

test('counts bytes, not characters, in whichever encoding they are written', async () => {
  const { body, bytes } = await answer((response) => {
    response.write('é')
    response.write('é', 'latin1')
    response.write(new Uint8Array([1, 2, 3]))
    response.end('48690a', 'hex')
  })
  expect(bytes).toEqual([2, 1, 3, 3])
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

test('an end that throws is none, and the next one counts', async () => {
  const { body, bytes } = await answer((response) => {
    expect(() => response.end({})).toThrow(TypeError)
    expect(() => response.write({})).toThrow(TypeError)
    response.end('fallback')
    response.end()
  })
  expect([body, bytes]).toEqual(['fallback', [8]])
})

test('what middleware puts in front of it is counted as it is sent', async () => {
  const { body, bytes } = await answer((response) => {
    const { end } = response
    response.end = ((chunk: string) =>
      end.call(response, chunk.toUpperCase().repeat(2), 'utf8')) as typeof response.end
    response.end('twice')
  })
  expect([body, bytes]).toEqual(['TWICETWICE', [10]])
})
