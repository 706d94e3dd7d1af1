import { type Logger, pino } from 'pino'
import type { Destination } from '../options.js'

// What waybill uses of pino that its documentation does not describe. Seen in pino 9 and 10.

const { writeSym, streamSym, serializersSym, formattersSym, needsMetadataGsym } = pino.symbols as Readonly<
  Record<string, symbol>
> as Readonly<
  Record<'writeSym' | 'streamSym' | 'serializersSym' | 'formattersSym' | 'needsMetadataGsym', symbol>
>

/** Writes a line: what is logged, the message as text, and the number of the level. */
export type WriteLine = (this: Logger, given: unknown, message: string | undefined, level: number) => void

/** Replaces what a logger and all of its children write lines by. */
export function replaceWrite(logger: Logger, write: WriteLine): void {
  Object.defineProperty(logger, writeSym, { value: write, writable: true, configurable: true })
}

/** Writes a line by what {@link replaceWrite} has set. */
export function writeLine(logger: Logger, given: unknown, message: string | undefined, level: number): void {
  const write: WriteLine = Reflect.get(logger, writeSym)
  write.call(logger, given, message, level)
}

/** Hands a line to the stream of a logger, with what some streams are told of it (`pino.metadata`). */
export function handOver(
  logger: Logger,
  line: string,
  given: unknown,
  message: string | undefined,
  level: number,
): void {
  const stream: Destination = Reflect.get(logger, streamSym)
  if (Reflect.get(stream, needsMetadataGsym) === true)
    Object.assign(stream, { lastLevel: level, lastObj: given, lastMsg: message, lastLogger: logger })
  stream.write(line)
}

/** What shows a value of a field, by its name. */
export function serializerOf(logger: Logger, key: string): ((value: unknown) => unknown) | undefined {
  const serializers: object = Reflect.get(logger, serializersSym) ?? {}
  return Object.hasOwn(serializers, key) ? Reflect.get(serializers, key) : undefined
}

/** What an app has its child loggers change in what is logged. */
export function fieldFormatterOf(logger: Logger): ((given: object) => object) | undefined {
  return Reflect.get(logger, formattersSym)?.log
}
