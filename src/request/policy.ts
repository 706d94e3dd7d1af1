import type { Clock } from '../clock.js'
import { showValue, warnOnce } from '../errors.js'
import type { Options, RequestLogger } from '../options.js'
import type { QuietRule } from '../policies.js'
import { attempt, isUnawaited } from '../safely.js'
import { isLevel, LEVELS, type Level, type LogLevel } from '../vocabulary.js'
import { addMissing } from './bind.js'
import type { Capture } from './details.js'
import { isError } from './error.js'
import { isRecord } from './fields.js'
import { completionLevelOf, hasFailed } from './outcome.js'
import { pathMatcher } from './path-pattern.js'
import type { RequestRecord } from './record.js'
import { type SampleRules, Sampler } from './sample.js'
import { pathOf } from './url.js'
import { completionOf, responseOf, viewOf } from './view.js'

/** A logger whose children may have another level. */
type Parent = RequestLogger & { child(bindings: object, options: { level: LogLevel }): RequestLogger }

/** What is logged of the bodies of failed requests. */
export interface FailedBodyRules {
  readonly keys: readonly string[]
  readonly maxBytes: number
}

/** The complete form of the options about events and levels. */
export interface PolicySettings {
  /** Undefined: no start events. */
  readonly startLevel: Exclude<Options['startLevel'], false>
  readonly completionLevel: Options['completionLevel']
  readonly quiet: readonly QuietRule[]
  /** Undefined: all requests are kept. */
  readonly sample: SampleRules | undefined
  /** How long a request runs before a `request.running` line, in milliseconds. */
  readonly runningAfterMs: number
  readonly fields: Options['fields']
  readonly levelFor: Options['levelFor']
  /** Undefined: no log lines are held. */
  readonly hold: Level | undefined
  /** Undefined: no bodies. */
  readonly failedBody: FailedBodyRules | undefined
}

/** The status for too many requests (RFC 6585, section 4). */
const TOO_MANY_REQUESTS = 429

const rankOf = (level: Level): number => LEVELS.indexOf(level)
const WARN = rankOf('warn')

/** Decides which events of an app's requests are written, and at which level. */
export class Policy {
  readonly failedBody: FailedBodyRules | undefined
  readonly #settings: PolicySettings
  readonly #quietPaths: readonly ((path: string) => boolean)[]
  readonly #quietFunctions: readonly Exclude<QuietRule, string>[]
  readonly #sampler: Sampler | undefined
  readonly #captures: readonly Capture[]
  readonly #capturesAtEnd: boolean
  /** Whether details, fields or bodies are read at the completion. */
  readonly readsAtEnd: boolean

  constructor(settings: PolicySettings & { readonly captures: readonly Capture[] }, clock: Clock) {
    this.#settings = settings
    const { quiet, captures, fields, failedBody } = settings
    this.#quietPaths = quiet.flatMap((rule) => (typeof rule === 'string' ? pathMatcher(rule) : []))
    this.#quietFunctions = quiet.filter((rule) => typeof rule === 'function')
    this.failedBody = failedBody
    this.#captures = captures
    this.#capturesAtEnd = captures.some(({ readAtEnd }) => readAtEnd !== undefined)
    this.readsAtEnd = this.#capturesAtEnd || fields !== undefined || failedBody !== undefined
    this.#sampler = settings.sample && new Sampler(settings.sample, clock)
  }

  /** Whether a new request stays unlogged, unless `completionLevel()` decides otherwise. */
  keepsOut(record: RequestRecord): boolean {
    if (record.raw === undefined) return false
    if (this.#hasQuietPath(record) || this.#isQuiet(record)) return true
    if (this.#sampler === undefined) return false
    if (record.route !== undefined && this.#sampler.isFirst(record.route)) return false
    record.sampling = record.route === undefined ? 'routeless' : 'routed'
    if (!this.#sampler.keeps(record.requestId)) return true
    record.sampleRate = this.#sampler.rate
    return false
  }

  #hasQuietPath({ target, keeper }: RequestRecord): boolean {
    if (this.#quietPaths.length === 0) return false
    const path = pathOf(target, keeper.semicolon)
    return this.#quietPaths.some((matches) => matches(path))
  }

  #isQuiet(record: RequestRecord): boolean {
    if (this.#quietFunctions.length === 0) return false
    const view = viewOf(record)
    return this.#quietFunctions.some((rule) => {
      const decided = resultOf(rule, view)
      if (typeof decided === 'boolean') return decided
      warn('quiet', 'a boolean', decided, 'the request was logged')
      return false
    })
  }

  /** Returns the logger of a request, at the level that the app has for this request. */
  leveled(record: RequestRecord, logger: RequestLogger): RequestLogger {
    const { levelFor } = this.#settings
    if (levelFor === undefined) return logger
    const level = resultOf(levelFor, viewOf(record))
    if (level === undefined || !('child' in logger)) return logger
    if (level === 'silent' || isLevel(level))
      return attempt(() => (logger as Parent).child({}, { level }), logger)
    warn('levelFor', "a level, 'silent' or undefined", level, 'the level of the app was used')
    return logger
  }

  /** The level of a request's start; undefined if none is written. */
  startLevel(record: RequestRecord): Level | undefined {
    const { startLevel } = this.#settings
    if (typeof startLevel !== 'function') return startLevel
    const decided = resultOf(startLevel, viewOf(record))
    if (isLevel(decided)) return decided
    if (decided === false) return undefined
    warn('startLevel', 'a level or false', decided, "'info' was used")
    return 'info'
  }

  /** The level of a request's completion; undefined if neither it nor a start that was held back is written. */
  completionLevel(record: RequestRecord): Level | undefined {
    const { outcome, status, slow, failure } = record
    const usual = completionLevelOf(status, outcome, slow, failure !== undefined)
    const level = this.#decide(record, usual)
    const isRaised = level !== 'silent' && rankOf(level) > Math.max(rankOf(usual), WARN - 1)
    const isWrong = hasFailed(outcome, status) || outcome === 'rejected' || status === TOO_MANY_REQUESTS
    // It counts as one, even if the sample keeps its id.
    record.isWrong = isWrong || slow || failure !== undefined || isRaised
    if (record.isWrong || this.#isFirst(record)) {
      record.isQuiet = false
      record.sampleRate = undefined
    }
    return record.isQuiet || level === 'silent' ? undefined : level
  }

  /** Adds the details and fields known only at the completion. */
  complete(record: RequestRecord, level: Level): void {
    const { fields } = this.#settings
    if (this.#capturesAtEnd)
      record.captured = this.#captures.map(({ readAtEnd }, at) => readAtEnd?.(record) ?? record.captured[at])
    if (fields === undefined) return
    const given = resultOf(fields, completionOf(record, level), responseOf(record))
    if (isRecord(given) && !isError(given) && !(given instanceof NoResult)) addMissing(record, given)
    else warn('fields', 'an object', given, 'there are none')
  }

  #isFirst({ sampling, route }: RequestRecord): boolean {
    return sampling === 'routeless' && this.#sampler?.isFirst(route) === true
  }

  #decide(record: RequestRecord, usual: Level): Level | 'silent' {
    const { completionLevel } = this.#settings
    if (completionLevel === undefined) return usual
    const decided = resultOf(completionLevel, completionOf(record, usual))
    if (isLevel(decided) || decided === 'silent') return decided
    warn('completionLevel', "a level or 'silent'", decided, 'the default was used')
    return usual
  }
}

/** What a function of the app can't decide by: what it throws, and a promise. */
class NoResult {
  readonly shown: string

  constructor(shown: string) {
    this.shown = shown
  }
}

/** Returns what a function of the app returns. */
function resultOf<Arguments extends unknown[]>(
  decide: (...args: Arguments) => unknown,
  ...args: Arguments
): unknown {
  try {
    const result = decide(...args)
    return isUnawaited(result) ? new NoResult('a promise') : result
  } catch (error) {
    return new NoResult(showValue(error))
  }
}

function warn(option: string, must: string, got: unknown, instead: string): void {
  const shown = got instanceof NoResult ? got.shown : showValue(got)
  const message = `waybill: option "${option}" must return ${must}, got ${shown}; ${instead}`
  warnOnce('WAYBILL_WARN_OPTION_RESULT', option, message)
}
