import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WaybillError } from '../src/errors.js'
import type { MiddlewareOptions } from '../src/options.js'
import { checkOptionNames, parseEventOptions, parseLogger, parseLoggerOptions } from '../src/read-options.js'
import { FORMAT_NAMES, LEVELS } from '../src/vocabulary.js'
import { runs } from './fuzz/runs.js'

type Is = (value: unknown) => boolean

const isText: Is = (value) => typeof value === 'string' && value !== ''
const isBoolean: Is = (value) => typeof value === 'boolean'
const isFunction: Is = (value) => typeof value === 'function'
const isObject: Is = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isOneOf =
  (...words: unknown[]): Is =>
  (value) =>
    words.includes(value)
const isNumber =
  (min: number, max = Number.MAX_VALUE): Is =>
  (value) =>
    typeof value === 'number' && value >= min && value <= max
const isHeader: Is = (value) => typeof value === 'string' && /^[!#$%&'*+.^_`|~\w-]+$/.test(value)

/** What each option accepts; of arrays and objects only that they are some, because their parts are options again. */
const ACCEPTED: Record<string, Is> = {
  level: isOneOf(...LEVELS, 'silent'),
  format: (value) => isOneOf(...FORMAT_NAMES)(value) || isObject(value),
  service: isText,
  version: isText,
  environment: isText,
  googleProject: isText,
  journalPriority: isBoolean,
  destination: (value) => isFunction((value as { write?: unknown } | null)?.write),
  maxHeldBytes: (value) => Number.isSafeInteger(value) && isNumber(8000)(value),
  whenFull: isOneOf('drop', 'block'),
  maxLineBytes: (value) => Number.isInteger(value) && isNumber(4096, 8000)(value),
  requestId: isObject,
  include: Array.isArray,
  allowQuery: Array.isArray,
  startLevel: (value) => isOneOf(...LEVELS, false)(value) || isFunction(value),
  completionLevel: isFunction,
  slow: isNumber(0),
  context: isBoolean,
  propagate: (value) => isBoolean(value) || isFunction(value) || Array.isArray(value),
  fields: isFunction,
  levelFor: isFunction,
  hold: isOneOf(...LEVELS),
  quiet: Array.isArray,
  runningAfter: (value) => isNumber(0)(value) && value !== 0,
  sample: (value) => isNumber(0, 1)(value) || isObject(value),
  'requestId.header': (value) => isHeader(value) || (Array.isArray(value) && value.length > 0),
  'requestId.trust': (value) => isOneOf('always', 'never')(value) || isFunction(value),
  'requestId.generate': isFunction,
  'requestId.responseHeader': (value) => isHeader(value) || value === false,
  logger: () => false,
}

function optionsWith(name: string, value: unknown): object {
  const [first = '', second] = name.split('.')
  const needed = name === 'allowQuery' ? { include: ['query'] } : {}
  return { ...needed, [first]: second === undefined ? value : { [second]: value } }
}

function errorOf(options: object): unknown {
  const environment = { variables: {}, isTerminal: false, isSharedPipe: false, isJournal: false }
  try {
    checkOptionNames(options, ['logger'])
    parseEventOptions(options)
    parseLoggerOptions(options, environment)
    parseLogger(options as MiddlewareOptions)
    return undefined
  } catch (error) {
    return error
  }
}

const wrongly = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withMap: true }),
  fc.string({ unit: 'binary' }),
  fc.array(fc.string()),
  fc.double(),
  fc.constantFrom<unknown>(
    () => true,
    Symbol('a\nb'),
    new Error('a\nb'),
    'INFO',
    'always ',
    0,
    -1,
    'header:x',
  ),
)

test.each(Object.entries(ACCEPTED))(
  '%s refuses every wrong value with the same form of message',
  (name, isAccepted) => {
    fc.assert(
      fc.property(
        wrongly.filter((value) => value !== undefined && !isAccepted(value)),
        (value) => {
          const error = errorOf(optionsWith(name, value))
          expect(error).toBeInstanceOf(WaybillError)
          const { code, option, message } = error as WaybillError
          expect(code).toMatch(/^WAYBILL_ERR_OPTION_(?:TYPE|VALUE)$/)
          expect(option).toBe(name)
          expect(message).toMatch(/^waybill: option "[^"]+" must be .+, got .+$/)
          expect(message).toContain(`option "${name}" must be `)
        },
      ),
      runs(100),
    )
  },
)

test('a wrong value within an array or an object is refused by its own name', () => {
  const names = ['include', 'allowQuery', 'propagate', 'requestId.header', 'format', 'requestId']
  fc.assert(
    fc.property(fc.constantFrom(...names), wrongly, (name, value) => {
      const error = errorOf(optionsWith(name, value))
      if (error === undefined) return
      expect(error).toBeInstanceOf(WaybillError)
      const { option = '', message } = error as WaybillError
      expect(option.startsWith(name)).toBe(true)
      expect(message).toMatch(/^waybill: (?:option ".+" must be .+, got .+|unknown option ".+)$/)
    }),
    runs(1000),
  )
})

test('an unknown option is refused, with the nearest name or all names', () => {
  fc.assert(
    fc.property(
      fc
        .oneof(
          fc.string({ unit: 'binary', minLength: 1 }),
          fc.constantFrom('requestId.trust', '__proto__', 'x'),
        )
        .filter((name) => !Object.hasOwn(ACCEPTED, name) || name.includes('.')),
      (name) => {
        const error = errorOf({ [name]: 1 })
        expect(error).toMatchObject({ code: 'WAYBILL_ERR_OPTION_UNKNOWN', option: name })
        expect((error as WaybillError).message).toMatch(
          /^waybill: unknown option ".*"(?:, did you mean "[\w.]+"\?|; the options are level, .*, logger)$/,
        )
      },
    ),
  )
})

test('an option name with one typo gets the right suggestion', () => {
  const names = Object.keys(ACCEPTED).filter((name) => name.length > 4)
  const misspelt = fc.constantFrom(...names).chain((name) => {
    const start = name.lastIndexOf('.') + 1
    return fc.integer({ min: start, max: name.length - 2 }).map((at) => ({
      name,
      dropped: name.slice(0, at) + name.slice(at + 1),
      doubled: name.slice(0, at + 1) + name.slice(at),
      swapped: name.slice(0, at) + name.charAt(at + 1) + name.charAt(at) + name.slice(at + 2),
    }))
  })
  fc.assert(
    fc.property(misspelt, ({ name, dropped, doubled, swapped }) => {
      for (const wrong of [dropped, doubled, swapped]) {
        if (wrong === name) continue
        const { message } = errorOf(optionsWith(wrong, 1)) as WaybillError
        expect(message).toBe(`waybill: unknown option "${wrong}", did you mean "${name}"?`)
      }
    }),
  )
})
