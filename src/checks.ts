import { WriteStream } from 'node:fs'
import { anyOf, showValue, suggest, WaybillError, wrongOption } from './errors.js'

/** What an option accepts. */
export interface Kind<T> {
  /** What a value must be, in words. */
  readonly must: string
  /** Whether a value has the right type; decides the code of the error. */
  readonly hasType: (value: unknown) => boolean
  readonly accepts: (value: unknown) => value is T
  /** The accepted words, for suggestions. */
  readonly words?: readonly string[]
  /** Shows a rejected value in the message. */
  readonly show?: (value: unknown) => string
  /** Throws if a part of an accepted value is wrong. */
  readonly checkParts?: (option: string, value: unknown) => void
}

type ValueOf<K> = K extends Kind<infer T> ? T : never

/** A value of one type that passes a test. */
export function ofType<T>(type: string, must: string, passes: (value: T) => boolean): Kind<T> {
  const hasType = (value: unknown): value is T => value !== null && typeof value === type
  return { must, hasType, accepts: (value): value is T => hasType(value) && passes(value) }
}

/** One of several constants. */
export function oneOf<const T extends string | boolean>(constants: readonly T[]): Kind<T> {
  return {
    must: anyOf(constants),
    hasType: (value) => constants.some((each) => typeof each === typeof value),
    accepts: (value): value is T => constants.some((each) => each === value),
    words: constants.filter((each) => typeof each === 'string'),
  }
}

/** A string that matches a pattern. */
export function text<T extends string = string>(must: string, form: RegExp): Kind<T> {
  return ofType<T>('string', must, (value) => form.test(value))
}

/** A function; its result is checked when it is called. */
export function aFunction<T extends (...args: never[]) => unknown>(must: string): Kind<T> {
  return ofType<T>('function', must, () => true)
}

/** An object other than an array. */
export function objectOf<T extends object>(must: string): Kind<T> {
  const isObject = (value: unknown): value is T =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
  return { must, hasType: isObject, accepts: isObject }
}

const anyObject = objectOf('an object')

/** An object with certain methods. */
export function withFunctions<T extends object>(must: string, names: readonly (keyof T & string)[]): Kind<T> {
  const missing = (value: T): string[] => names.filter((name) => typeof value[name] !== 'function')
  return {
    ...ofType<T>('object', must, (value) => missing(value).length === 0),
    show: (value) =>
      typeof value === 'object' && value !== null
        ? `one without ${missing(value as T).join(', ')}`
        : showValue(value),
  }
}

/** Excludes streams to files, which lose buffered lines when the process exits. */
export function exceptFiles<T extends object>(kind: Kind<T>): Kind<T> {
  const isFile = (value: unknown): boolean => value instanceof WriteStream
  const got = 'a stream to a file, which loses lines when the process exits; log to stdout and redirect that'
  return {
    ...kind,
    accepts: (value): value is T => kind.accepts(value) && !isFile(value),
    show: (value) => (isFile(value) ? got : (kind.show ?? showValue)(value)),
  }
}

/**
 * An array without duplicates.
 * @param keyOf returns the key of an item that must be unique
 */
export function arrayOf<T extends string>(
  must: string,
  item: Kind<T>,
  { keyOf = String, minItems = 0 }: { keyOf?: (item: T) => string; minItems?: number } = {},
): Kind<readonly T[]> {
  return {
    must,
    hasType: Array.isArray,
    accepts: (value): value is readonly T[] => Array.isArray(value) && value.length >= minItems,
    checkParts(option, value) {
      const keys = Array.from(value as unknown[], (each, at) => keyOf(check(`${option}[${at}]`, each, item)))
      const twice = keys.find((key, at) => keys.indexOf(key) < at)
      if (twice !== undefined)
        throw wrongOption(
          'WAYBILL_ERR_OPTION_VALUE',
          option,
          'an array of different items',
          `${showValue(twice)} twice`,
        )
    },
  }
}

/** A value of any of several kinds. */
export function either<K extends readonly Kind<unknown>[]>(...kinds: K): Kind<ValueOf<K[number]>> {
  return {
    must: [
      kinds
        .slice(0, -1)
        .map(({ must }) => must)
        .join(', '),
      kinds.at(-1)?.must,
    ].join(' or '),
    hasType: (value) => kinds.some((kind) => kind.hasType(value)),
    accepts: (value): value is ValueOf<K[number]> => kinds.some((kind) => kind.accepts(value)),
    words: kinds.flatMap(({ words = [] }) => words),
    checkParts: (option, value) => kinds.find((kind) => kind.accepts(value))?.checkParts?.(option, value),
  }
}

/** Returns a value if it is of a kind, else throws. */
export function check<T>(option: string, value: unknown, kind: Kind<T>): T {
  if (!kind.accepts(value)) {
    const got = (kind.show ?? showValue)(value) + suggest(value, kind.words ?? [])
    const code = kind.hasType(value) ? 'WAYBILL_ERR_OPTION_VALUE' : 'WAYBILL_ERR_OPTION_TYPE'
    throw wrongOption(code, option, kind.must, got)
  }
  kind.checkParts?.(option, value)
  return value
}

/**
 * Throws unless options are an object that contains only known names.
 * @param known full names, with those of nested options: `requestId`, `requestId.trust`
 */
export function checkNames(options: unknown, known: readonly string[], group = ''): void {
  if (options === undefined) return
  if (!anyObject.accepts(options)) {
    const message = `waybill: options must be an object, got ${showValue(options)}`
    throw new WaybillError('WAYBILL_ERR_OPTION_TYPE', message, 'options')
  }
  const prefix = group === '' ? '' : `${group}.`
  for (const [name, value] of Object.entries(options)) {
    const option = prefix + name
    if (name.includes('.') || !known.includes(option)) throw unknownOption(name, prefix, known)
    const isGroup = known.some((each) => each.startsWith(`${option}.`))
    if (isGroup && anyObject.accepts(value)) checkNames(value, known, option)
  }
}

function unknownOption(name: string, prefix: string, known: readonly string[]): WaybillError {
  const option = prefix + name
  const siblings = known.filter((each) => each.slice(0, each.lastIndexOf('.') + 1) === prefix)
  const end = suggest(name, known) || `; the options are ${siblings.join(', ')}`
  const message = `waybill: unknown option ${showValue(option)}${end}`
  return new WaybillError('WAYBILL_ERR_OPTION_UNKNOWN', message, option)
}
