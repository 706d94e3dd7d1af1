import type { Destination } from '../options.js'
import { openStandard, type StandardFd } from './open.js'
import { type HoldRules, LineWriter } from './writer.js'

/** What stdout or stderr is told by one of its loggers; where it is silent, what was said before holds. */
export interface StandardRules {
  readonly maxHeldBytes: number | undefined
  readonly whenFull: HoldRules['whenFull'] | undefined
  readonly lossLine: HoldRules['lossLine']
}

const DEFAULT_HELD_BYTES = 8 * 1024 * 1024

const writers = new Map<StandardFd, LineWriter>()

/** The one writer to stdout or stderr of this process, shared by all that writes there so that its order is kept. */
export function standard(fd: StandardFd, { maxHeldBytes, whenFull, lossLine }: StandardRules): Destination {
  const writer = writers.get(fd) ?? openWriter(fd, lossLine)
  const { rules } = writer
  writer.rules = {
    maxHeldBytes: maxHeldBytes ?? rules.maxHeldBytes,
    whenFull: whenFull ?? rules.whenFull,
    lossLine,
  }
  return writer
}

function openWriter(fd: StandardFd, lossLine: HoldRules['lossLine']): LineWriter {
  const rules: HoldRules = { maxHeldBytes: DEFAULT_HELD_BYTES, whenFull: 'drop', lossLine }
  const opened = new LineWriter(openStandard(fd), rules)
  writers.set(fd, opened)
  process.on('exit', () => opened.close())
  return opened
}
