import type { Logger } from 'pino'
import { nativeFields } from './formats/fields.js'
import { createFormat } from './formats/formats.js'
import { openOutput, pinoLogger, surroundings } from './logger.js'
import type { Options } from './options.js'
import { type EventLog, eventsToDestination, eventsToLogger } from './output/events.js'
import type { Capture } from './request/details.js'
import { parseLoggerOptions, parseMaxLineBytes, refuseLoggerOptions } from './settings.js'

/** Opens what was asked for: events, and a logger whose lines go where they go. */
export function openLog(
  options: Options,
  captures: readonly Capture[],
): { events: EventLog; logger: Logger } {
  const settings = parseLoggerOptions(options, surroundings())
  const output = openOutput(settings, createFormat(settings, captures))
  return {
    events: eventsToDestination(output.format, output.events),
    logger: pinoLogger(settings, output),
  }
}

/** Has events written through the logger of a request, which the app brought. */
export function useOwnLogger(options: Options, captures: readonly Capture[]): EventLog {
  refuseLoggerOptions(options)
  return eventsToLogger(nativeFields(captures), parseMaxLineBytes(options, surroundings()))
}
