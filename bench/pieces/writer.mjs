import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { bench, group, summary } from 'mitata'
import SonicBoom from 'sonic-boom'
import { LineWriter, PIPE_BYTES, StandardStream } from '../harness/inside.mjs'
import { openPipe } from '../harness/pipe.mjs'

const LINE = `${JSON.stringify({ level: 'info', event: 'request.completed' }).padEnd(300)}\n`
const LINES = [1, 10, 100]
const MAX_HELD_BYTES = 8 * 2 ** 20

/** The writers of lines to a descriptor, by name. */
function writersTo(fd, maxWriteBytes) {
  const rules = { maxHeldBytes: MAX_HELD_BYTES, whenFull: 'drop', lossLine: (lines) => `${lines}\n` }
  const writer = new LineWriter({ fd, stream: new StandardStream(1), atOnce: false, maxWriteBytes }, rules)
  const sonic = new SonicBoom({ fd, sync: true })
  return {
    'waybill: LineWriter': () => writer.write(LINE),
    'sonic-boom, as pino uses it': () => sonic.write(LINE),
    'fs.writeSync': () => fs.writeSync(fd, LINE),
    nothing: () => {},
  }
}

/** The cost of writing a number of lines per turn of the event loop; the last row of each table is the turn itself. */
export function benchWriter() {
  const { read, write } = openPipe()
  spawn('wc', ['--bytes'], { stdio: [read, 'ignore', 'inherit'] }).unref()
  fs.closeSync(read)
  const outputs = {
    '/dev/null': writersTo(fs.openSync('/dev/null', 'w'), Number.POSITIVE_INFINITY),
    'a pipe': writersTo(write, PIPE_BYTES),
  }
  for (const [output, writers] of Object.entries(outputs)) {
    for (const lines of LINES) {
      group(`${lines} lines a turn, to ${output}`, () => {
        summary(() => {
          for (const [name, writeLine] of Object.entries(writers)) {
            bench(name, async () => {
              for (let written = 0; written < lines; written++) writeLine()
              await turn()
            })
          }
        })
      })
    }
  }
}
