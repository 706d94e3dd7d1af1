import type { Entry } from '../entry.js'
import type { Template, TemplateValue } from '../options.js'
import { LEVELS, type Level } from '../vocabulary.js'
import { FORMS, type Form, flatValue, plainForm } from './forms.js'
import { customOf, type LogRow } from './log-row.js'
import type { LineKind, Source } from './sources.js'
import type { Syntax } from './syntax.js'
import { constantOf, isTemplate, type Reference, referenceOf, SPREADS } from './template.js'

/** Writes the fields of a line, each with its separator before it. */
export type Encode<Subject> = (subject: Subject, level: Level) => string

/** The sources that a template may name: those that are always there, and what was asked for by name. */
export interface Sources {
  readonly named: Readonly<Record<string, Source>>
  /** The details that `include` names, in its order. */
  readonly included: Readonly<Record<string, Source>>
}

/** Compiles a template for one kind of lines. */
export function compileTemplate<Subject extends Entry | LogRow>(
  template: Template,
  kind: LineKind,
  sources: Sources,
  syntax: Syntax,
): Encode<Subject> {
  const compiler = new Compiler(kind, sources, syntax, template)
  return compiler.object(template, []) as Encode<Subject>
}

type AnyEncode = Encode<never>

class Compiler {
  readonly #kind: LineKind
  readonly #sources: Sources
  readonly #syntax: Syntax
  /** All of a line. */
  readonly #whole: Template
  /** The sources that have a place of their own. */
  readonly #placed: ReadonlySet<string>

  constructor(kind: LineKind, sources: Sources, syntax: Syntax, whole: Template) {
    this.#kind = kind
    this.#sources = sources
    this.#syntax = syntax
    this.#whole = whole
    this.#placed = sourcesOf(whole)
  }

  object(template: Template, path: readonly string[]): AnyEncode {
    const encoders = this.#fields(template, path)
    return (subject, level) => {
      let encoded = ''
      for (const encode of encoders) encoded += encode(subject, level)
      return encoded
    }
  }

  #fields(template: Template, path: readonly string[]): AnyEncode[] {
    return Object.entries(template).flatMap(([key, value]) => {
      const reference = referenceOf(value)
      if (reference === undefined || !SPREADS.includes(reference.source))
        return this.#value(value, [...path, key])
      if (reference.source === 'included') return this.#included(reference, path, Object.keys(template))
      return this.#added(reference, path, this.#namesBeside(template, path))
    })
  }

  #value(value: TemplateValue, path: readonly string[]): AnyEncode[] {
    const reference = referenceOf(value)
    if (reference !== undefined) return this.#leaf(reference, path)
    if (isTemplate(value)) return this.#nested(value, path)
    return [this.#constant(value, path)]
  }

  #constant(value: TemplateValue, path: readonly string[]): AnyEncode {
    const encoded = this.#key(path) + this.#syntax.value(constantOf(value))
    return () => encoded
  }

  #nested(template: Template, path: readonly string[]): AnyEncode[] {
    if (!this.#syntax.nests) return this.#fields(template, path)
    if (this.#fields(template, path).length === 0) return []
    const inner = this.object(template, path)
    const key = this.#key(path)
    const { open, close } = this.#syntax
    return [
      (subject, level) => {
        const encoded = inner(subject, level)
        return encoded === '' ? '' : key + open + encoded.slice(1) + close
      },
    ]
  }

  #key(path: readonly string[]): string {
    return this.#syntax.key(this.#syntax.name(path))
  }

  #leaf(reference: Reference, path: readonly string[], as?: Form): AnyEncode[] {
    const { source, form: name } = reference
    const found = this.#sources.named[source] ?? this.#sources.included[source]
    if (found?.constant !== undefined) return [this.#constant(found.constant, path)]
    const read = found?.[this.#kind]
    if (read === undefined) return []
    const form = as ?? (name === undefined ? plainForm(source) : FORMS[source]?.[name])
    const key = this.#key(path)
    if (source === 'level') return [this.#level(key, form, read)]
    const { value: write } = this.#syntax
    const say = (value: unknown): string => {
      const said = form === undefined ? value : form(value as never)
      return said === undefined ? '' : key + write(said)
    }
    const saySome = FEW_VALUES.has(source) ? remembering(say) : say
    return [
      (subject, level) => {
        const value = read(subject, level)
        return value === undefined ? '' : saySome(value)
      },
    ]
  }

  /** There are few levels: each is written once, now. */
  #level(key: string, form: Form | undefined, read: (subject: never, level: Level) => unknown): AnyEncode {
    const written = new Map<unknown, string>(
      LEVELS.map((level) => [
        level,
        key + this.#syntax.value(form === undefined ? level : form(level as never)),
      ]),
    )
    return (subject, level) => written.get(read(subject, level)) ?? ''
  }

  /** What was asked for by name and has no place of its own. */
  #included({ form }: Reference, parent: readonly string[], beside: readonly string[]): AnyEncode[] {
    return Object.keys(this.#sources.included).flatMap((source) => {
      if (this.#placed.has(source) || beside.includes(callField(source, form))) return []
      const path = [...parent, callField(source, form)]
      return this.#leaf(
        { source, form: undefined },
        path,
        form === 'headers' ? (value) => [value] : undefined,
      )
    })
  }

  /** What handlers and log lines add: under names that nothing else in a line has. */
  #added({ form }: Reference, parent: readonly string[], taken: ReadonlySet<string>): AnyEncode[] {
    if (this.#kind === 'started') return []
    const { name, key, value: write } = this.#syntax
    const say = form === undefined ? (value: unknown) => value : flatValue
    const encode = (fields: Iterable<readonly [string, unknown]>): string => {
      let encoded = ''
      const used = new Set<string>()
      for (const [given, value] of fields) {
        let called = name([...parent, callField(given, form)])
        while (taken.has(called) || used.has(called)) called += '_'
        used.add(called)
        encoded += key(called) + write(say(value))
      }
      return encoded
    }
    const withError = this.#placed.has('error')
    if (this.#kind === 'row') return [(row: LogRow) => encode(customOf(row, withError))] as AnyEncode[]
    return [({ added }: Entry) => (added === undefined ? '' : encode(added.fields))] as AnyEncode[]
  }

  /** What the fields are called that lines of this kind may have beside those that are added at a path. */
  #namesBeside(template: Template, path: readonly string[]): ReadonlySet<string> {
    const { nests, name } = this.#syntax
    const names = (of: Template, at: readonly string[]): string[] =>
      Object.entries(of).flatMap(([key, value]) => {
        const here = [...at, key]
        const { source, form } = referenceOf(value) ?? {}
        if (source === 'added') return []
        if (source === 'included')
          return Object.keys(this.#sources.included).map((each) => name([...at, callField(each, form)]))
        if (isTemplate(value) && !nests) return names(value, here)
        return this.#value(value, here).length > 0 ? [name(here)] : []
      })
    return new Set(nests ? names(template, path) : names(this.#whole, []))
  }
}

/** The sources that say few things, over and over. */
const FEW_VALUES: ReadonlySet<string> = new Set([
  'event',
  'method',
  'protocol',
  'status',
  'slow',
  'outcome',
  'result',
])
/** How many of them are remembered: clients make up methods. */
const MAX_REMEMBERED = 64

/** Says what has been said before without working it out again. */
function remembering(say: (value: unknown) => string): (value: unknown) => string {
  const said = new Map<unknown, string>()
  return (value) => {
    const before = said.get(value)
    if (before !== undefined) return before
    const now = say(value)
    if (said.size < MAX_REMEMBERED) said.set(value, now)
    return now
  }
}

/** What a field is called that a template does not name. */
function callField(name: string, form: string | undefined): string {
  // Elastic takes a dot in the name of a label for an object.
  if (form === 'labels') return name.replaceAll('.', '_')
  if (form !== 'headers') return name
  return `http.request.header.${name.replace('header:', '')}`
}

/** The names of all sources that a template has a place for. */
function sourcesOf(template: Template): Set<string> {
  const names = Object.values(template).flatMap((value) => {
    if (isTemplate(value)) return [...sourcesOf(value)]
    const reference = referenceOf(value)
    return reference === undefined ? [] : [reference.source]
  })
  return new Set(names)
}
