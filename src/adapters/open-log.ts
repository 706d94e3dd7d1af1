import type { Logger } from 'pino'
import { readEnvironment } from '../environment.js'
import { createFormat } from '../format/index.js'
import { openOutput, pinoLogger } from '../logger.js'
import type { Options } from '../options.js'
import { type EventLog, eventsToDestination } from '../output/events.js'
import { eventsToLogger } from '../output/own-logger.js'
import { parseLoggerOptions, parseOwnLoggerOptions } from '../read-options.js'
import type { Capture } from '../request/details.js'

/** Opens the destination of the options for events, and for a logger whose lines go there, too. */
export function openLog(
  options: Options,
  captures: readonly Capture[],
): { events: EventLog; logger: Logger } {
  const settings = parseLoggerOptions(options, readEnvironment())
  const output = openOutput(settings, createFormat(settings, captures))
  output.format.summary?.begin()
  return {
    events: eventsToDestination(output.format, output.events, captures),
    logger: pinoLogger(settings, output),
  }
}

/** Returns an event log that writes through the app's own logger. */
export function useOwnLogger(options: Options, captures: readonly Capture[]): EventLog {
  return eventsToLogger(captures, parseOwnLoggerOptions(options, readEnvironment()))
}
