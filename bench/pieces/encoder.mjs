import fastJsonStringify from 'fast-json-stringify'
import { bench, do_not_optimize, group, summary } from 'mitata'
import { pino } from 'pino'
import { answeredRecord, FORMATS, formatOf } from '../harness/inside.mjs'

const KINDS = ['started', 'completed']
const entry = answeredRecord()

/** How many requests of a busy service share a millisecond, for which the time is formatted once. */
const A_MILLISECOND = 20
const START = Date.now()
let count = 0

/** Advances to the next request: only the time and the duration differ. */
function nextEntry() {
  count = (count + 1) % 10_000
  entry.time = START + Math.floor(count / A_MILLISECOND)
  entry.durationMs = count / 1000
  return entry
}

/** Encoders that write the fields of a waybill line. */
function othersOf(record) {
  const { level: _level, timestamp: _timestamp, message, ...fields } = record
  const properties = Object.fromEntries(
    Object.entries(record).map(([key, value]) => [key, { type: typeof value }]),
  )
  const schema = { type: 'object', properties, required: Object.keys(record) }
  const log = pino({ base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, { write: do_not_optimize })
  return {
    'JSON.stringify': JSON.stringify,
    'fast-json-stringify': fastJsonStringify(schema),
    pino: (next) => {
      fields.duration_ms = next.duration_ms
      log.info(fields, message)
    },
  }
}

/** The cost of encoding a line. */
export function benchEncoder() {
  const json = formatOf('json')
  for (const kind of KINDS) {
    const record = JSON.parse(json[kind](entry, 'info'))
    // The others get the message and the record for free, and all but pino the time.
    const nextRecord = () => {
      const { durationMs } = nextEntry()
      if (kind === 'completed') record.duration_ms = durationMs
      return record
    }
    group(`a line of json, ${kind}`, () => {
      summary(() => {
        bench('waybill', () => do_not_optimize(json[kind](nextEntry(), 'info')))
        for (const [name, encode] of Object.entries(othersOf(record))) {
          bench(name, () => do_not_optimize(encode(nextRecord())))
        }
      })
    })
  }
  group('a completion in each format', () => {
    summary(() => {
      for (const name of FORMATS) {
        const format = formatOf(name)
        bench(name, () => do_not_optimize(format.completed(nextEntry(), 'info')))
      }
    })
  })
}
