import type { Destination } from '../options.js'
import { openStdout } from './open.js'
import { type HoldRules, LineWriter } from './writer.js'

/** What stdout is told by one of its loggers; where it is silent, what was said before holds. */
export interface StdoutRules {
  readonly maxHeldBytes: number | undefined
  readonly whenFull: HoldRules['whenFull'] | undefined
  readonly lossLine: HoldRules['lossLine']
}

const DEFAULT_HELD_BYTES = 8 * 1024 * 1024

let writer: LineWriter | undefined

/** The one writer to stdout of this process, shared by events and log lines so that their order is kept. */
export function stdout({ maxHeldBytes, whenFull, lossLine }: StdoutRules): Destination {
  writer ??= openWriter(lossLine)
  const { rules } = writer
  writer.rules = {
    maxHeldBytes: maxHeldBytes ?? rules.maxHeldBytes,
    whenFull: whenFull ?? rules.whenFull,
    lossLine,
  }
  return writer
}

function openWriter(lossLine: HoldRules['lossLine']): LineWriter {
  const rules: HoldRules = { maxHeldBytes: DEFAULT_HELD_BYTES, whenFull: 'drop', lossLine }
  const opened = new LineWriter(openStdout(), rules)
  process.on('exit', () => opened.close())
  return opened
}
