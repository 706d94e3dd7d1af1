import fs from 'node:fs'
import { PassThrough } from 'node:stream'
import { beforeEach, expect, test, vi } from 'vitest'
import type { StandardStream } from '../../src/output/replaced.js'
import { type HoldRules, LineWriter } from '../../src/output/stdout-writer.js'

// The writer with a descriptor, a clock and timers of this file; stdout.test.ts has it write to real pipes.

const FD = 99
const time = vi.hoisted(() => ({
  ms: 0,
  immediates: [] as (() => void)[],
  timers: [] as [number, () => void][],
}))

vi.mock('../../src/clock.js', async (original) => ({
  ...(await original<object>()),
  elapsed: () => time.ms,
  setImmediate: (run: () => void) => time.immediates.push(run),
  setTimeout: (run: () => void, ms: number) => {
    time.timers.push([time.ms + ms, run])
    return { unref: () => {} }
  },
}))

/** How many bytes the reader takes now, what it has taken, and by how many writes. */
let room = 0
let taken = ''
let writes = 0
/** What a write fails with instead. */
let failure: string | undefined
/** What was written to stderr. */
let said: string[] = []
/** Called when the writer waits without the event loop. */
let onWait: () => void = () => {}

beforeEach(() => {
  Object.assign(time, { ms: 0, immediates: [], timers: [] })
  room = Number.POSITIVE_INFINITY
  taken = ''
  writes = 0
  failure = undefined
  said = []
  onWait = () => {}
  const { writeSync } = fs
  vi.spyOn(fs, 'writeSync').mockImplementation(((
    fd: number,
    chunk: Buffer,
    offset: number,
    length: number,
  ) => {
    if (fd !== FD) return writeSync(fd, chunk, offset, length)
    if (failure !== undefined) throw Object.assign(new Error(failure), { code: failure })
    if (room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' })
    const bytes = Math.min(length, room)
    taken += chunk.toString('utf8', offset, offset + bytes)
    room -= bytes
    writes++
    return bytes
  }) as typeof fs.writeSync)
  vi.spyOn(Atomics, 'wait').mockImplementation((_array, _index, _value, ms) => {
    time.ms += Number(ms)
    onWait()
    return 'timed-out'
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  return () => vi.restoreAllMocks()
})

function writerWith(
  rules: Partial<HoldRules> = {},
  output: { atOnce?: boolean; stream?: unknown } = {},
): LineWriter {
  const { atOnce = false, stream } = output
  const place = stream === undefined ? {} : { stream: stream as StandardStream }
  return new LineWriter(
    { fd: FD, atOnce, maxWriteBytes: 4096, ...place },
    { maxHeldBytes: 100, whenFull: 'drop', lossLine: (lines) => `lost ${lines}\n`, ...rules },
  )
}

/** Runs what was scheduled for the end of this turn of the event loop. */
function endTurn(): void {
  for (const run of time.immediates.splice(0)) run()
}

/** Lets time pass, with its timers; how many there were. */
function pass(ms: number): number {
  time.ms += ms
  const due = time.timers.filter(([at]) => at <= time.ms)
  time.timers = time.timers.filter(([at]) => at > time.ms)
  for (const [, run] of due) run()
  return due.length
}

test('writes the lines of one turn of the event loop at once', () => {
  const writer = writerWith()
  writer.write('one\n')
  writer.write('two\n')
  expect(taken).toBe('')
  endTurn()
  expect([taken, writes]).toEqual(['one\ntwo\n', 1])
  writer.write('three\n')
  endTurn()
  expect([taken, writes]).toEqual(['one\ntwo\nthree\n', 2])
})

test('writes each line before write() returns to an output that is written at once', () => {
  const writer = writerWith({}, { atOnce: true })
  writer.write('one\n')
  expect(taken).toBe('one\n')
  expect(time.immediates).toEqual([])
})

test('tries a stalled reader again after 1 ms, then after twice as long up to 32 ms', () => {
  const writer = writerWith()
  room = 0
  writer.write('one\n')
  endTurn()
  const delays: number[] = []
  for (let tries = 0; tries < 8; tries++) {
    const before = time.ms
    while (pass(1) === 0) {}
    delays.push(time.ms - before)
  }
  expect(delays).toEqual([1, 2, 4, 8, 16, 32, 32, 32])
  room = 2
  while (pass(1) === 0) {}
  expect(taken).toBe('on')
  room = 100
  while (pass(1) === 0) {}
  expect(taken).toBe('one\n')
  expect(time.timers).toEqual([])
})

test('drops lines beyond maxHeldBytes in a single gap, and says how many', () => {
  const writer = writerWith()
  room = 0
  for (let n = 10; n < 70; n++) writer.write(`${n}\n`)
  endTurn()
  room = 3
  pass(1)
  writer.write('in the gap\n')
  room = 1000
  pass(100)
  writer.write('after\n')
  endTurn()
  const held = Array.from({ length: 33 }, (_, n) => `${n + 10}\n`).join('')
  expect(taken).toBe(`${held}lost 28\nafter\n`)
})

test('tries the reader again before it drops a line, but not more often than a timer would', () => {
  const writer = writerWith({ maxHeldBytes: 8 })
  room = 0
  writer.write('one\n')
  writer.write('two\n')
  endTurn()
  room = 1000
  writer.write('lost\n')
  expect(taken).toBe('')
  time.ms += 40
  writer.write('four\n')
  pass(1)
  expect(taken).toBe('one\ntwo\nlost 1\nfour\n')
})

test('whenFull: block waits until there is room, and loses no line', () => {
  const writer = writerWith({ whenFull: 'block', maxHeldBytes: 12 })
  room = 0
  let waits = 0
  onWait = () => {
    waits++
    if (waits % 3 === 0) room = 4
  }
  for (let n = 0; n < 6; n++) writer.write(`${n}${n}${n}\n`)
  expect(waits).toBe(9)
  expect(taken).toBe('000\n111\n222\n')
  room = 1000
  endTurn()
  expect(taken).toBe('000\n111\n222\n333\n444\n555\n')
})

test('writes a long turn in parts, so that it is not held until its end', () => {
  const writer = writerWith({ maxHeldBytes: 10_000_000 })
  const line = `${'x'.repeat(9_999)}\n`
  for (let n = 0; n < 20; n++) writer.write(line)
  expect(taken.length).toBeGreaterThan(100_000)
  endTurn()
  expect(taken).toBe(line.repeat(20))
})

test('at exit, writes all lines and then each one before write() returns', () => {
  const writer = writerWith()
  room = 3
  writer.write('held\n')
  onWait = () => {
    room = 100
  }
  writer.close()
  expect(taken).toBe('held\n')
  writer.write('late\n')
  expect(taken).toBe('held\nlate\n')
})

test('at exit, waits five seconds after the reader last took something, then gives up once', () => {
  const writer = writerWith()
  writer.write('held\n')
  room = 0
  let isFirst = true
  onWait = () => {
    if (time.ms < 4000 || !isFirst) return
    isFirst = false
    room = 2
  }
  writer.close()
  expect(taken).toBe('he')
  expect(time.ms).toBeGreaterThanOrEqual(9000)
  expect(time.ms).toBeLessThan(9100)
  writer.write('late\n')
  expect(said).toEqual(['waybill: log lines are lost: stdout was not read for 5000 ms\n'])
})

test('a descriptor that can not be written loses lines, with one message on stderr', () => {
  const writer = writerWith()
  failure = 'ENOSPC'
  for (const line of ['one\n', 'two\n']) {
    writer.write(line)
    endTurn()
  }
  failure = undefined
  writer.write('three\n')
  endTurn()
  expect(taken).toBe('three\n')
  expect(said).toEqual(["waybill: log lines are lost: stdout can't be written, Error: ENOSPC\n"])
})

test('an interrupted write is tried again', () => {
  const writer = writerWith()
  failure = 'EINTR'
  writer.write('one\n')
  endTurn()
  failure = undefined
  pass(1)
  expect([taken, said]).toEqual(['one\n', []])
})

/** A stream in the place of stdout, from a moment on. */
function replaceable(stream: { write: unknown }): { stream: unknown; replace: () => void } {
  let isReplaced = false
  return {
    stream: { find: () => (isReplaced ? stream : undefined), isReplaced: () => isReplaced },
    replace: () => {
      isReplaced = true
    },
  }
}

test('a replaced stream gets what is held first, with the number of lost lines, then each line at once', () => {
  const mine = new PassThrough()
  const { stream, replace } = replaceable(mine)
  // Node.js 26 reads one piece at a time.
  const readAll = (): string => {
    let text = ''
    for (let piece = mine.read(); piece !== null; piece = mine.read()) text += piece
    return text
  }
  const writer = writerWith({ maxHeldBytes: 8 }, { stream })
  room = 0
  for (const line of ['one\n', 'two\n', 'lost\n']) writer.write(line)
  endTurn()
  replace()
  time.ms += 40
  writer.write('four\n')
  expect(readAll()).toBe('one\ntwo\nlost 1\nfour\n')
  writer.write('five\n')
  expect([readAll(), taken]).toEqual(['five\n', ''])
})

test('lines that a replaced stream logs itself are written later, not within', () => {
  const calls: string[] = []
  const { stream, replace } = replaceable({
    write: (line: string) => {
      calls.push(line)
      if (calls.length < 3) writer.write(`within ${calls.length}\n`)
    },
  })
  const writer = writerWith({}, { stream })
  replace()
  writer.write('one\n')
  expect(calls).toEqual(['one\n'])
  pass(32)
  pass(32)
  expect(calls).toEqual(['one\n', 'within 1\n', 'within 2\n'])
})

test('a replaced stream that fails loses lines, with one message on stderr', () => {
  const mine = new PassThrough()
  mine.destroy()
  const { stream, replace } = replaceable(mine)
  const writer = writerWith({}, { stream })
  replace()
  writer.write('one\n')
  writer.write('two\n')
  return new Promise<void>((resolve) => setTimeout(resolve)).then(() => {
    expect(said).toEqual([
      "waybill: log lines are lost: stdout can't be written, Error [ERR_STREAM_DESTROYED]: Cannot call write after a stream was destroyed\n",
    ])
  })
})
