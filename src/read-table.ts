import { check, type Kind } from './checks.js'
import { type Environment, readVariable } from './environment.js'

/** The check of an option, and what applies if it is left out: its environment variable, then its default. */
export interface Row<T> {
  readonly kind: Kind<T>
  readonly variable?: string
  readonly default?: T | ((environment: Environment) => T | undefined)
}
/** The options of a group, by name. */
export type Table<T> = { readonly [K in keyof T]-?: Row<NonNullable<T[K]>> }

/** The value of an option; undefined if it has no default. */
type ValueOf<R> = R extends { kind: Kind<infer T> }
  ? T | (R extends { default: infer D } ? Unset<D> : undefined)
  : never
type Unset<D> = D extends (environment: Environment) => infer T ? Extract<T, undefined> : never

/** Reads the options of a table; `undefined` means left out. */
export function readAll<T extends Table<Record<string, unknown>>>(
  table: T,
  options: object,
  environment: Environment,
  group = '',
): { readonly [K in keyof T]: ValueOf<T[K]> } {
  const values = Object.entries(table).map(([name, row]) => {
    const value: unknown = Reflect.get(options, name)
    if (value !== undefined) return [name, check(group + name, value, row.kind)]
    const { variable, default: otherwise } = row
    const set = variable === undefined ? undefined : readVariable(variable, environment, row.kind.words)
    return [name, set ?? (typeof otherwise === 'function' ? otherwise(environment) : otherwise)]
  })
  return Object.fromEntries(values)
}
