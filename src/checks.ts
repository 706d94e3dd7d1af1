import { showValue, WaybillError } from './errors.js'

/** What an option takes, in words and as checks of its type and of its value. */
export interface Kind<T> {
  readonly takes: string
  readonly hasType: (value: unknown) => boolean
  readonly accepts: (value: unknown) => value is T
}

/** One of some words. */
export function oneOf<T extends string>(words: readonly T[]): Kind<T> {
  return {
    takes: words.map((word) => `'${word}'`).join(', '),
    hasType: (value) => typeof value === 'string',
    accepts: (value): value is T => words.includes(value as T),
  }
}

/** A function; what it takes and returns can't be known before it is called. */
export function aFunction<T extends (...args: never[]) => unknown>(words: string): Kind<T> {
  const isFunction = (value: unknown): value is T => typeof value === 'function'
  return { takes: words, hasType: isFunction, accepts: isFunction }
}

/** One constant. */
export function exactly<T extends boolean>(constant: T): Kind<T> {
  const isIt = (value: unknown): value is T => value === constant
  return { takes: String(constant), hasType: (value) => typeof value === typeof constant, accepts: isIt }
}

/** Either of two kinds. */
export function either<A, B>(a: Kind<A>, b: Kind<B>): Kind<A | B> {
  return {
    takes: `${a.takes} or ${b.takes}`,
    hasType: (value) => a.hasType(value) || b.hasType(value),
    accepts: (value): value is A | B => a.accepts(value) || b.accepts(value),
  }
}

/** A text that has some form. */
export function text<T extends string = string>(words: string, form: RegExp): Kind<T> {
  return {
    takes: words,
    hasType: (value) => typeof value === 'string',
    accepts: (value): value is T => typeof value === 'string' && form.test(value),
  }
}

/** Throws unless a value is of a kind. */
export function check<T>(option: string, value: unknown, kind: Kind<T>): T {
  if (kind.accepts(value)) return value
  const code = kind.hasType(value) ? 'WAYBILL_ERR_OPTION_VALUE' : 'WAYBILL_ERR_OPTION_TYPE'
  throw new WaybillError(code, `option ${option} takes ${kind.takes}, got ${showValue(value)}`, option)
}

/** A value of a kind, or undefined, which means left out; throws for any other. */
export function read<T>(option: string, value: unknown, kind: Kind<T>): T | undefined {
  return value === undefined ? undefined : check(option, value, kind)
}

/** Throws unless a value is a list whose every item is of a kind and there once. */
export function readList<T extends string>(option: string, value: unknown, kind: Kind<T>): readonly T[] {
  if (!Array.isArray(value)) {
    const message = `option ${option} takes an array, each item ${kind.takes}, got ${showValue(value)}`
    throw new WaybillError('WAYBILL_ERR_OPTION_TYPE', message, option)
  }
  return value.map((item: unknown, index) => {
    const checked = check(`${option}[${index}]`, item, kind)
    if (value.indexOf(item) === index) return checked
    const message = `option ${option} takes each item once, got ${showValue(item)} again at ${index}`
    throw new WaybillError('WAYBILL_ERR_OPTION_VALUE', message, option)
  })
}

/** Throws unless a value is an object with no other than the known options; `undefined` is one with none. */
export function checkNames(group: string, value: unknown, known: readonly string[]): void {
  if (value === undefined) return
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const name = group === '' ? 'options' : group
    throw new WaybillError(
      'WAYBILL_ERR_OPTION_TYPE',
      `${name} takes an object, got ${showValue(value)}`,
      name,
    )
  }
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    const option = group === '' ? name : `${group}.${name}`
    const message = `option ${option} is unknown, got ${showValue(Reflect.get(value, name))}; known are ${known.join(', ')}`
    throw new WaybillError('WAYBILL_ERR_OPTION_UNKNOWN', message, option)
  }
}
