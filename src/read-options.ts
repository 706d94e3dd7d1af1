import {
  aFunction,
  arrayOf,
  checkNames,
  either,
  exceptFiles,
  type Kind,
  objectOf,
  ofType,
  oneOf,
  text,
  withFunctions,
} from './checks.js'
import {
  type Environment,
  readEnvironment,
  readTerminal,
  resourceAttribute,
  wantsColors,
  wantsSummary,
} from './environment.js'
import { anyOf, unusedOption } from './errors.js'
import { DETAIL_FORMS } from './format/forms.js'
import type { FormatSettings } from './format/index.js'
import { checkTemplate } from './format/template.js'
import type {
  Destination,
  Include,
  LoggerOptions,
  MiddlewareOptions,
  Options,
  ParentLogger,
  RawRequest,
  RequestIdOptions,
  Template,
} from './options.js'
import type { PropagationSettings } from './outgoing/headers.js'
import type { PolicyOptions } from './policies.js'
import { POLICY_NAMES, parsePolicies } from './read-policies.js'
import { readAll, type Table } from './read-table.js'
import { type Capture, compileCaptures } from './request/details.js'
import { type IdRules, newUuid } from './request/id.js'
import type { PolicySettings } from './request/policy.js'
import { createRedactor, parsePath, type Redactor } from './request/redact.js'
import { FORMAT_NAMES, LEVELS, type LogLevel, MAX_LINE_BYTES, PIPE_BYTES } from './vocabulary.js'

/** Where lines go and how they look: the complete form of {@link LoggerOptions}. */
export interface LoggerSettings extends FormatSettings {
  readonly redactor: Redactor
  readonly level: LogLevel
  /** Undefined: stdout. */
  readonly destination: Destination | undefined
  /** Undefined, like `whenFull`: as another logger of the process has set it, else the default. */
  readonly maxHeldBytes: number | undefined
  readonly whenFull: LoggerOptions['whenFull']
}

/** What is logged about requests: the complete form of the other {@link Options}. */
export interface EventSettings extends PolicySettings {
  readonly redactor: Redactor
  readonly ids: IdRules
  /** Undefined: the id is not sent back. */
  readonly responseHeader: string | undefined
  readonly captures: readonly Capture[]
  /** Whether the terminal view may hold starts back: unless `startLevel` was set. */
  readonly holdsStarts: boolean
  readonly slowMs: number
  readonly context: boolean
  /** Undefined: calls to other services carry nothing. */
  readonly propagation: PropagationSettings | undefined
}

// A field name (RFC 9110, section 5.1).
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
/** Headers that Node.js needs, or that say how to read the response. */
const USED_HEADERS =
  'connection|content-.*|date|keep-alive|location|set-cookie|te|trailer|transfer-encoding|upgrade'
const HOST = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$|^[0-9a-f]*:[0-9a-f:.]*$/
const DEFAULT_HEADER = 'X-Request-Id'

const flag = oneOf([true, false])
const someText = text('a non-empty string', /./s)
const milliseconds = ofType('number', 'a number of milliseconds ≥ 0', (n: number) => n >= 0 && n < Infinity)
const bytes = (range: string, min: number, max: number): Kind<number> =>
  ofType('number', `a whole number of bytes ${range}`, (n) => Number.isInteger(n) && n >= min && n <= max)
const lineBytes = bytes(`from ${PIPE_BYTES} to ${MAX_LINE_BYTES}`, PIPE_BYTES, MAX_LINE_BYTES)
const heldBytes = bytes(`≥ ${MAX_LINE_BYTES}`, MAX_LINE_BYTES, Number.MAX_SAFE_INTEGER)
const destination = exceptFiles(
  withFunctions<Destination>('an object with the function write(line)', ['write']),
)
const logger = withFunctions<ParentLogger>('a pino logger', [...LEVELS, 'child', 'bindings'])
const template: Kind<Template> = {
  ...objectOf<Template>('an object in the shape of a line'),
  checkParts: (option, value) => checkTemplate(option, value),
}
const DETAIL_NAMES = Object.keys(DETAIL_FORMS)
const detail: Kind<Include> = {
  ...text(
    `${anyOf(DETAIL_NAMES)}, "header:<name>" or "response:<name>"`,
    new RegExp(`^(?:${DETAIL_NAMES.join('|')}|(?:header|response):${TOKEN})$`),
  ),
  words: DETAIL_NAMES,
}
const details = arrayOf('an array of request details', detail, { keyOf: lowerHeader })
const queryKeys = arrayOf('an array of query keys', someText)
const redactedPath = ofType<string>(
  'string',
  'a path such as "user.email" or "*.iban"',
  (path) => parsePath(path) !== undefined,
)
const redactedPaths = arrayOf('an array of paths such as "user.email"', redactedPath)
const headerName = text('a header name', new RegExp(`^${TOKEN}$`))
const headerList = arrayOf('a non-empty array of header names', headerName, { minItems: 1 })
const ownHeader = text(
  'a header name that has no other use',
  new RegExp(`^(?!(?:${USED_HEADERS})$)${TOKEN}$`, 'i'),
)
const host = text('a host in lower case, such as "api.shop.com" or "*.shop.com"', HOST)
const hosts = arrayOf('an array of hosts', host)
const askHost = aFunction<(host: string) => boolean>('a function of the host')
const askRequest = aFunction<(request: RawRequest) => boolean>('a function of the request')
const makeId = aFunction<(request: RawRequest) => string>('a function that returns an id')

/** Every option. */
const OPTIONS = {
  logger: {
    level: { kind: oneOf([...LEVELS, 'silent']), variable: 'LOG_LEVEL', default: 'info' },
    format: {
      kind: either(oneOf(FORMAT_NAMES), template),
      variable: 'LOG_FORMAT',
      default: ({ isTerminal }) => (isTerminal ? 'pretty' : 'json'),
    },
    service: { kind: someText, variable: 'OTEL_SERVICE_NAME', default: resourceAttribute('service.name') },
    version: { kind: someText, default: resourceAttribute('service.version') },
    environment: {
      kind: someText,
      default: resourceAttribute('deployment.environment.name', 'deployment.environment'),
    },
    googleProject: { kind: someText, variable: 'GOOGLE_CLOUD_PROJECT' },
    journalPriority: { kind: flag, default: ({ isJournal }) => isJournal },
    destination: { kind: destination },
    maxHeldBytes: { kind: heldBytes },
    whenFull: { kind: oneOf(['drop', 'block']) },
    maxLineBytes: {
      kind: lineBytes,
      default: ({ isSharedPipe }) => (isSharedPipe ? PIPE_BYTES : MAX_LINE_BYTES),
    },
    redact: { kind: either(redactedPaths, oneOf([false])), default: [] },
  } satisfies Table<LoggerOptions>,
  events: {
    requestId: { kind: objectOf<RequestIdOptions>('an object'), default: {} },
    include: { kind: details, default: [] },
    allowQuery: { kind: queryKeys, default: [] },
    slow: { kind: milliseconds, default: Number.POSITIVE_INFINITY },
    context: { kind: flag, default: true },
    propagate: { kind: either(flag, hosts, askHost), default: true },
  } satisfies Table<Omit<Options, keyof LoggerOptions | keyof PolicyOptions>>,
  requestId: {
    header: { kind: either(headerName, headerList), default: DEFAULT_HEADER },
    trust: { kind: either(oneOf(['always', 'never']), askRequest), default: 'always' },
    generate: { kind: makeId, default: () => newUuid },
    responseHeader: { kind: either(ownHeader, oneOf([false])) },
  } satisfies Table<RequestIdOptions>,
  middleware: { logger: { kind: logger } } satisfies Table<Omit<MiddlewareOptions, keyof Options>>,
}

/**
 * Throws for an unknown option of an adapter, whatever its value.
 * @param further the options of this adapter alone
 */
export function checkOptionNames(options: unknown, further: readonly string[] = []): void {
  const { logger, events, requestId } = OPTIONS
  const nested = Object.keys(requestId).map((name) => `requestId.${name}`)
  const names = Object.keys({ ...logger, ...events })
  checkNames(options, [...names, ...nested, ...POLICY_NAMES, ...further])
}

/** Throws for an unknown option of a logger, whatever its value. */
export function checkLoggerOptionNames(options: unknown): void {
  checkNames(options, Object.keys(OPTIONS.logger))
}

/** Reads the options about where lines go and how they look. */
export function parseLoggerOptions(options: LoggerOptions, environment: Environment): LoggerSettings {
  const isStdout = options.destination === undefined
  const notStdout = { isTerminal: false, isSharedPipe: false, isJournal: false }
  const effective = isStdout ? environment : { ...environment, ...notStdout }
  const { googleProject, journalPriority, redact, ...settings } = readAll(OPTIONS.logger, options, effective)
  const unused = (['maxHeldBytes', 'whenFull'] as const).find((name) => settings[name] !== undefined)
  if (!isStdout && unused !== undefined)
    throw unusedOption(unused, 'with a destination: it applies only to stdout')
  return {
    ...settings,
    redactor: createRedactor(redact),
    project: googleProject,
    priority: journalPriority,
    colors: wantsColors(effective),
    terminal: readTerminal(effective),
    summary: wantsSummary(effective, settings.level) && settings.format === 'pretty',
  }
}

/**
 * Reads the options that apply to an app's own logger.
 * @returns the longest line, in bytes
 * @throws {WaybillError} for an option that has no effect with this logger
 */
export function parseOwnLoggerOptions(options: LoggerOptions, environment: Environment): number {
  const { maxLineBytes, redact: _ofEvents, ...others } = OPTIONS.logger
  const given = Object.keys(others).find((name) => Reflect.get(options, name) !== undefined)
  if (given !== undefined) {
    const does = given === 'level' ? 'sets the level' : 'writes the lines'
    throw unusedOption(given, `here: the app's own logger ${does}`)
  }
  return readAll({ maxLineBytes }, options, environment).maxLineBytes
}

/** Reads the options about the events of requests. */
export function parseEventOptions(options: Options): EventSettings {
  const environment = readEnvironment()
  const { requestId, slow, propagate, ...settings } = readAll(OPTIONS.events, options, environment)
  const { header, ...ids } = readAll(OPTIONS.requestId, requestId, environment, 'requestId.')
  const { context } = settings
  const redactor = createRedactor(readAll({ redact: OPTIONS.logger.redact }, options, environment).redact)
  const include = settings.include.map(lowerHeader)
  if (options.allowQuery !== undefined && !include.includes('query'))
    throw unusedOption('allowQuery', 'without include: ["query"]')
  if (options.propagate !== undefined && propagate !== false && !context)
    throw unusedOption('propagate', 'with context: false')
  const headers = [header].flat()
  const responseHeader =
    ids.responseHeader ?? headers.find((name) => ownHeader.accepts(name)) ?? DEFAULT_HEADER
  const lowered = headers.map((name) => name.toLowerCase())
  // Copied, because the app may change the list later.
  const reach = typeof propagate === 'object' ? [...propagate] : propagate === true ? [] : propagate
  return {
    ...parsePolicies(options, environment),
    ids: { headers: lowered, trust: ids.trust, generate: ids.generate },
    responseHeader: responseHeader || undefined,
    captures: compileCaptures(include, settings.allowQuery, redactor),
    redactor,
    holdsStarts: options.startLevel === undefined,
    slowMs: slow,
    context,
    propagation: context && reach !== false ? { header: lowered[0] ?? DEFAULT_HEADER, reach } : undefined,
  }
}

/** Reads the option `logger` of a middleware. */
export function parseLogger(options: MiddlewareOptions): ParentLogger | undefined {
  return readAll(OPTIONS.middleware, options, readEnvironment()).logger
}

/** Lower-cases header names, because they are case-insensitive. */
function lowerHeader(detail: Include): Include {
  return /^(?:header|response):/.test(detail) ? (detail.toLowerCase() as Include) : detail
}
