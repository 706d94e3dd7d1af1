import {
  aFunction,
  arrayOf,
  check,
  checkNames,
  either,
  type Kind,
  objectOf,
  ofType,
  oneOf,
} from './checks.js'
import { type Environment, readEnvironment } from './environment.js'
import { showValue, wrongOption } from './errors.js'
import type {
  Completion,
  FailedBodyOptions,
  PolicyOptions,
  QuietRule,
  RequestView,
  ResponseView,
  RouteConfig,
  SampleOptions,
} from './policies.js'
import { readAll, type Table } from './read-table.js'
import type { FailedBodyRules, PolicySettings } from './request/policy.js'
import type { SampleRules } from './request/sample.js'
import { LEVELS, type Level, type LogLevel } from './vocabulary.js'

/** More stars than a path pattern needs. */
const MAX_STARS = 10

const pathPattern = ofType(
  'string',
  `a path or a pattern that begins with "/" or "*", without a query, with at most ${MAX_STARS} "*",`,
  (pattern: string) => /^[/*][^?#]*$/.test(pattern) && pattern.split('*').length <= MAX_STARS + 1,
)
const requestFunction = aFunction<(request: RequestView) => boolean>('a function of the request')
const quietRule: Kind<QuietRule> = either(pathPattern, requestFunction)
const quietRules: Kind<readonly QuietRule[]> = {
  must: 'an array of paths, patterns and functions',
  hasType: Array.isArray,
  accepts: (value): value is readonly QuietRule[] => Array.isArray(value),
  checkParts(option, value) {
    for (const [at, rule] of (value as unknown[]).entries()) check(`${option}[${at}]`, rule, quietRule)
  },
}
const rate = ofType('number', 'a number from 0 to 1', (value: number) => value >= 0 && value <= 1)
const count = ofType(
  'number',
  'a whole number ≥ 0',
  (value: number) => Number.isSafeInteger(value) && value >= 0,
)
const duration = ofType(
  'number',
  'a number of milliseconds > 0',
  (value: number) => value > 0 && value < Number.POSITIVE_INFINITY,
)
const sampleObject = objectOf<SampleOptions>('an object with a rate')

const levelFunction = aFunction<(completion: Completion) => LogLevel>(
  'a function that returns a level or "silent"',
)
const startLevelFunction = aFunction<(request: RequestView) => Level | false>(
  'a function that returns a level',
)

const fieldsFunction = aFunction<(request: Completion, response: ResponseView) => object>(
  'a function that returns an object',
)

const makeLevelFor = aFunction<(request: RequestView) => LogLevel | undefined>(
  'a function that returns a level',
)
const someKey = ofType('string', 'a non-empty string', (key: string) => key !== '')
const bodyKeys = arrayOf('an array of keys, one at least', someKey, { minItems: 1 })
const bodyBytes = ofType(
  'number',
  'a whole number of bytes from 64 to 4096',
  (value: number) => Number.isInteger(value) && value >= 64 && value <= 4096,
)

const POLICIES = {
  startLevel: { kind: either(oneOf([...LEVELS, false]), startLevelFunction), default: 'info' },
  completionLevel: { kind: levelFunction },
  quiet: { kind: quietRules, default: [] },
  sample: { kind: either(rate, sampleObject) },
  runningAfter: { kind: duration, default: Number.POSITIVE_INFINITY },
  fields: { kind: fieldsFunction },
  levelFor: { kind: makeLevelFor },
  hold: { kind: oneOf(LEVELS) },
  failedBody: { kind: objectOf<FailedBodyOptions>('an object with keys') },
} satisfies Table<PolicyOptions>

const FAILED_BODY = {
  keys: { kind: bodyKeys },
  maxBytes: { kind: bodyBytes, default: 2048 },
} satisfies Table<FailedBodyOptions>

const SAMPLE = {
  rate: { kind: rate },
  perRoute: { kind: count, default: 1 },
} satisfies Table<SampleOptions>

/** The names of all options in {@link PolicyOptions}. */
export const POLICY_NAMES: readonly string[] = [
  ...Object.keys(POLICIES),
  ...Object.keys(SAMPLE).map((name) => `sample.${name}`),
  ...Object.keys(FAILED_BODY).map((name) => `failedBody.${name}`),
]

/** Reads and checks the {@link PolicyOptions}. */
export function parsePolicies(options: PolicyOptions, environment: Environment): PolicySettings {
  const { startLevel, completionLevel, quiet, sample, runningAfter, fields, levelFor, hold, failedBody } =
    readAll(POLICIES, options, environment)
  return {
    startLevel: startLevel || undefined,
    completionLevel,
    // A copy, because the app may change the list.
    quiet: [...quiet],
    sample: sampleOf(sample, environment),
    runningAfterMs: runningAfter,
    fields,
    levelFor,
    hold,
    failedBody: failedBodyOf(failedBody, environment),
  }
}

function failedBodyOf(
  options: FailedBodyOptions | undefined,
  environment: Environment,
): FailedBodyRules | undefined {
  if (options === undefined) return undefined
  const { keys, maxBytes } = readAll(FAILED_BODY, options, environment, 'failedBody.')
  if (keys === undefined)
    throw wrongOption('WAYBILL_ERR_OPTION_TYPE', 'failedBody.keys', bodyKeys.must, showValue(keys))
  return { keys: [...keys], maxBytes }
}

function sampleOf(
  sample: number | SampleOptions | undefined,
  environment: Environment,
): SampleRules | undefined {
  if (sample === undefined) return undefined
  const given = typeof sample === 'number' ? { rate: sample } : sample
  const { rate: part, perRoute } = readAll(SAMPLE, given, environment, 'sample.')
  if (part === undefined)
    throw wrongOption('WAYBILL_ERR_OPTION_TYPE', 'sample.rate', rate.must, showValue(part))
  return part === 1 ? undefined : { rate: part, perRoute }
}

const routeConfig = objectOf<RouteConfig>('an object')

const ROUTE = { quiet: { kind: oneOf([true, false]) } } satisfies Table<RouteConfig>

/**
 * Checks the settings of a route; throws a `WaybillError` if one is wrong.
 * @param config the value of `waybill` in its `config`
 */
export function checkRouteConfig(config: unknown): void {
  if (config === undefined) return
  const given = check('config.waybill', config, routeConfig)
  checkNames(
    given,
    Object.keys(ROUTE).map((name) => `config.waybill.${name}`),
    'config.waybill',
  )
  readAll(ROUTE, given, readEnvironment(), 'config.waybill.')
}
