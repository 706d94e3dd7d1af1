import Fastify, { type FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import waybill, { type Options } from '../../src/index.js'
import { Capture } from '../support/capture.js'

const HOSTILE = [
  'x'.repeat(1_000_000),
  '"'.repeat(3000),
  '\u{1f600}'.repeat(3000),
  '\x9b31m'.repeat(3000),
  '\n'.repeat(3000),
]

/** Writes events and log lines that hold more than any line may. */
async function provoke(app: FastifyInstance, options: Options): Promise<void> {
  await app.register(waybill, { include: ['user_agent', 'query'], allowQuery: ['q'], ...options })
  app.get('/thrown', async (request) => {
    request.waybill.add({ text: HOSTILE, number: 1 })
    request.log.info({ text: HOSTILE }, HOSTILE[1])
    throw new Error(HOSTILE.join(' '))
  })
  for (const text of HOSTILE) {
    for (const length of [1, 250, 500, 3000]) {
      const part = text.slice(0, length)
      await app.inject({ url: `/${part}?q=${part}`, headers: { 'user-agent': part.replaceAll('\n', ' ') } })
    }
  }
  await app.inject('/thrown')
}

function longest(lines: readonly string[]): number {
  return Math.max(...lines.map((line) => Buffer.byteLength(line)))
}

const LIMITS = [4096, 5000, 8000]

test.each(LIMITS)('with maxLineBytes: %d, no event and no log line is longer', async (maxLineBytes) => {
  const log = new Capture()
  await provoke(Fastify(), { destination: log, maxLineBytes })
  expect(log.lines).toHaveLength(43)
  expect(longest(log.raw)).toBeLessThanOrEqual(maxLineBytes)
  expect(longest(log.raw)).toBeGreaterThan(maxLineBytes - 100)
})

test.each(LIMITS)('with maxLineBytes: %d, no line for a terminal is longer', async (maxLineBytes) => {
  const log = new Capture()
  await provoke(Fastify(), { destination: log, maxLineBytes, format: 'pretty' })
  const lines = log.raw.flatMap((chunk) => chunk.split(/(?<=\n)/))
  expect(longest(lines)).toBeLessThanOrEqual(maxLineBytes)
})

test.each(LIMITS)("with maxLineBytes: %d, no event in an app's own log is longer", async (maxLineBytes) => {
  const log = new Capture()
  await provoke(Fastify({ logger: { stream: log } }), { maxLineBytes })
  const events = log.raw.filter((line) => line.includes('"event":"request.'))
  expect(events).toHaveLength(42)
  expect(longest(events)).toBeLessThanOrEqual(maxLineBytes)
})

test("a hostile path of any length fits into a line of an app's own log", async () => {
  const log = new Capture()
  const app = Fastify({ logger: { stream: log } })
  await app.register(waybill, { maxLineBytes: 4096 })
  for (const unit of ['"', '\\', '\x01', '\u{1f600}', '\x9b', '\u2028', 'é']) {
    for (const length of [100, 200, 240, 250, 256, 300, 500, 1000, 3000]) {
      await app.inject(`/p${unit.repeat(length)}`)
    }
  }
  const events = log.raw.filter((line) => line.includes('"event":"request.'))
  expect(events).toHaveLength(126)
  expect(longest(events)).toBeLessThanOrEqual(4096)
})
