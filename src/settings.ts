import { aFunction, checkNames, either, exactly, type Kind, oneOf, read, readList, text } from './checks.js'
import { wantsColors } from './environment.js'
import { showValue, WaybillError } from './errors.js'
import { type Environment, parseFormat, parseProject, parseService, readVariable } from './format-settings.js'
import type { FormatSettings } from './formats/formats.js'
import { DETAILS } from './formats/sources.js'
import type {
  Completion,
  Destination,
  Include,
  LoggerOptions,
  Options,
  RawRequest,
  RequestIdOptions,
} from './options.js'
import type { PropagationSettings } from './outgoing/headers.js'
import { parsePropagation } from './propagation-settings.js'
import { type Capture, compileCaptures } from './request/details.js'
import type { IdRules } from './request/id.js'
import { newUuid } from './request/id.js'
import { LEVELS, type Level, type LogLevel, MAX_LINE_BYTES, PIPE_BYTES } from './vocabulary.js'

/** Where lines go and how they look: the complete form of {@link LoggerOptions}. */
export interface LoggerSettings extends FormatSettings {
  readonly level: LogLevel
  /** Undefined: stdout. */
  readonly destination: Destination | undefined
  /** Undefined: as it is. */
  readonly maxHeldBytes: number | undefined
  readonly whenFull: LoggerOptions['whenFull']
}

/** What is logged of a request: the complete form of the other {@link Options}. */
export interface EventSettings {
  readonly ids: IdRules
  /** Undefined: none is sent. */
  readonly responseHeader: string | undefined
  readonly captures: readonly Capture[]
  /** Undefined: no start events. */
  readonly startLevel: Level | undefined
  readonly completionLevel: Options['completionLevel']
  readonly slowMs: number
  /** Whether code that a request runs knows it. */
  readonly context: boolean
  /** Absent where nothing goes along with calls to other services. */
  readonly propagation: PropagationSettings | undefined
}

/** What of the process decides where an option is silent. */
export interface Surroundings {
  readonly env: Environment
  /** Whether stdout is a terminal. */
  readonly terminal: boolean
  /** Whether stdout is a pipe into which other processes of a cluster write. */
  readonly sharedPipe: boolean
  /** Whether stdout is the journal of systemd. */
  readonly journal: boolean
}

const STDOUT_NAMES = ['maxHeldBytes', 'whenFull'] as const
const SERVICE_NAMES = ['service', 'version', 'environment', 'googleProject'] as const
/** What an app's own logger decides instead. */
const OUTPUT_NAMES = [
  'level',
  'format',
  ...SERVICE_NAMES,
  'journalPriority',
  'destination',
  ...STDOUT_NAMES,
] as const
const LOGGER_NAMES: readonly (keyof LoggerOptions)[] = [...OUTPUT_NAMES, 'maxLineBytes']
const EVENT_NAMES: (keyof Options)[] = [
  'requestId',
  'include',
  'allowQuery',
  'startLevel',
  'completionLevel',
  'slow',
  'context',
  'propagate',
]
const REQUEST_ID_NAMES: (keyof RequestIdOptions)[] = ['header', 'trust', 'generate', 'responseHeader']

// A field name of RFC 9110, section 5.1.
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

const startLevel = either(oneOf(LEVELS), exactly(false))
const logLevel = oneOf<LogLevel>([...LEVELS, 'silent'])
const flag = either(exactly(true), exactly(false))
const headerName = text('a header name', new RegExp(`^${TOKEN}$`))
const detail = text<Include>(
  `${DETAILS.map((name) => `'${name}'`).join(', ')} or 'header:<name>'`,
  new RegExp(`^(?:${DETAILS.join('|')}|header:${TOKEN})$`),
)
/** Headers that say how a response is to be read, or that have a value of their own. */
const TAKEN =
  /^(?:connection|content-.*|date|keep-alive|location|set-cookie|te|trailer|transfer-encoding|upgrade)$/i
const headerNameOrNone = either(
  text('the name of a header of its own', new RegExp(`^(?!${TAKEN.source.slice(1)})${TOKEN}$`, 'i')),
  exactly(false),
)
const headerNames: Kind<string | unknown[]> = {
  takes: 'a header name or an array of them',
  hasType: (value) => typeof value === 'string' || Array.isArray(value),
  accepts: (value): value is string | unknown[] =>
    Array.isArray(value) ? value.length > 0 : headerName.accepts(value),
}
const queryKey = text('a query key', /./s)
const destination: Kind<Destination> = {
  takes: 'an object with a function write(line)',
  hasType: (value) => typeof value === 'object' && value !== null,
  accepts: (value): value is Destination => typeof (value as Destination | null)?.write === 'function',
}
const milliseconds: Kind<number> = {
  takes: 'a number of milliseconds above 0',
  hasType: (value) => typeof value === 'number',
  accepts: (value): value is number => typeof value === 'number' && value > 0 && Number.isFinite(value),
}
const lineBytes: Kind<number> = {
  takes: `a whole number of bytes, ${PIPE_BYTES} to ${MAX_LINE_BYTES}`,
  hasType: (value) => typeof value === 'number',
  accepts: (value): value is number =>
    Number.isInteger(value) && Number(value) >= PIPE_BYTES && Number(value) <= MAX_LINE_BYTES,
}
const heldBytes: Kind<number> = {
  takes: `a whole number of bytes, ${MAX_LINE_BYTES} or more`,
  hasType: (value) => typeof value === 'number',
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= MAX_LINE_BYTES,
}
const whenFull = oneOf<'drop' | 'block'>(['drop', 'block'])
const trust = either(
  oneOf<'always' | 'never'>(['always', 'never']),
  aFunction<(request: RawRequest) => boolean>('a function of the request'),
)
const generate = aFunction<(request: RawRequest) => string>('a function that returns an id')
const completionLevel = aFunction<(completion: Completion) => Level>('a function that returns a level')

const DEFAULT_HEADER = 'X-Request-Id'

/**
 * Throws unless all options of an adapter are known, whatever they hold.
 * @param further those that only this adapter has
 */
export function checkOptionNames(options: unknown, further: readonly string[] = []): void {
  checkNames('', options, [...LOGGER_NAMES, ...EVENT_NAMES, ...further])
}

/** Throws if an option is given that an app's own logger decides. */
export function refuseLoggerOptions(options: LoggerOptions): void {
  for (const name of OUTPUT_NAMES) {
    const value = options[name]
    if (value === undefined) continue
    throw unusedOption(name, value, 'on an app with its own logger, which decides it')
  }
}

/** Throws unless all options of a logger are known, whatever they hold. */
export function checkLoggerOptionNames(options: unknown): void {
  checkNames('', options, LOGGER_NAMES)
}

/** Checks and completes the options about where lines go and how they look. */
export function parseLoggerOptions(options: LoggerOptions, around: Surroundings): LoggerSettings {
  const { env, terminal } = around
  const given = read('destination', options.destination, destination)
  const unused = given && STDOUT_NAMES.find((name) => options[name] !== undefined)
  if (unused !== undefined)
    throw unusedOption(unused, options[unused], 'beside destination, which is not stdout')
  const seen = terminal && given === undefined
  return {
    level: read('level', options.level, logLevel) ?? readVariable(env, 'LOG_LEVEL', logLevel) ?? 'info',
    format: parseFormat(options, env) ?? (seen ? 'pretty' : 'json'),
    ...parseService(options, env),
    project: parseProject(options, env),
    priority:
      read('journalPriority', options.journalPriority, flag) ?? (given === undefined && around.journal),
    colors: wantsColors(env, seen),
    destination: given,
    maxLineBytes: parseMaxLineBytes(options, around),
    maxHeldBytes: read('maxHeldBytes', options.maxHeldBytes, heldBytes),
    whenFull: read('whenFull', options.whenFull, whenFull),
  }
}

/** How long a line may be, in bytes: for whatever writes it. */
export function parseMaxLineBytes(options: LoggerOptions, { sharedPipe }: Surroundings): number {
  const shared = sharedPipe && options.destination === undefined
  return read('maxLineBytes', options.maxLineBytes, lineBytes) ?? (shared ? PIPE_BYTES : MAX_LINE_BYTES)
}

/** Checks and completes the options about what is logged of a request. */
export function parseEventOptions(options: Options): EventSettings {
  const requestId = parseRequestId(options.requestId)
  const context = read('context', options.context, flag) ?? true
  return {
    ...requestId,
    context,
    propagation: parsePropagation(options, context, requestId.ids.headers[0] ?? DEFAULT_HEADER),
    captures: parseInclude(options),
    startLevel: (read('startLevel', options.startLevel, startLevel) ?? 'info') || undefined,
    completionLevel: read('completionLevel', options.completionLevel, completionLevel),
    slowMs: read('slow', options.slow, milliseconds) ?? Number.POSITIVE_INFINITY,
  }
}

function parseRequestId(options: RequestIdOptions = {}): Pick<EventSettings, 'ids' | 'responseHeader'> {
  checkNames('requestId', options, REQUEST_ID_NAMES)
  const header = read('requestId.header', options.header, headerNames) ?? DEFAULT_HEADER
  const headers = typeof header === 'string' ? [header] : readList('requestId.header', header, headerName)
  const responseHeader =
    read('requestId.responseHeader', options.responseHeader, headerNameOrNone) ??
    headers.find((name) => headerNameOrNone.accepts(name)) ??
    DEFAULT_HEADER
  return {
    ids: {
      headers: headers.map((name) => name.toLowerCase()),
      trust: read('requestId.trust', options.trust, trust) ?? 'always',
      generate: read('requestId.generate', options.generate, generate) ?? newUuid,
    },
    responseHeader: responseHeader || undefined,
  }
}

function parseInclude({ include = [], allowQuery }: Options): readonly Capture[] {
  const given: unknown = include
  const lowered = Array.isArray(given) ? given.map(lowerCase) : given
  const names = readList('include', lowered, detail)
  if (allowQuery !== undefined && !names.includes('query')) {
    throw unusedOption('allowQuery', allowQuery, "without include: ['query']")
  }
  return compileCaptures(names, allowQuery === undefined ? [] : readList('allowQuery', allowQuery, queryKey))
}

function unusedOption(name: string, value: unknown, why: string): WaybillError {
  return new WaybillError(
    'WAYBILL_ERR_OPTION_UNUSED',
    `option ${name} takes nothing ${why}, got ${showValue(value)}`,
    name,
  )
}

/** Header names are the same in any case. */
function lowerCase(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith('header:') ? value.toLowerCase() : value
}
