import type { Entry } from '../entry.js'
import type { Template, TemplateValue } from '../options.js'
import { LEVELS, type Level } from '../vocabulary.js'
import { FORMS, type Form, flatValue, plainForm } from './forms.js'
import { customOf, type LineKind, type LogRow, type Source } from './sources.js'
import type { Syntax } from './syntax.js'
import { isTemplate, type Reference, referenceOf, SPREADS } from './template.js'

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
  const compiler = new Compiler(kind, sources, syntax, sourcesOf(template))
  return compiler.object(template, []) as Encode<Subject>
}

type AnyEncode = Encode<never>

class Compiler {
  readonly #kind: LineKind
  readonly #sources: Sources
  readonly #syntax: Syntax
  /** The sources that have a place of their own. */
  readonly #placed: ReadonlySet<string>

  constructor(kind: LineKind, sources: Sources, syntax: Syntax, placed: ReadonlySet<string>) {
    this.#kind = kind
    this.#sources = sources
    this.#syntax = syntax
    this.#placed = placed
  }

  object(template: Template, path: readonly string[]): AnyEncode {
    const encoders = Object.entries(template).flatMap(([key, value]) => this.#value(key, value, path))
    return (subject, level) => {
      let encoded = ''
      for (const encode of encoders) encoded += encode(subject, level)
      return encoded
    }
  }

  #value(key: string, value: TemplateValue, parent: readonly string[]): AnyEncode[] {
    const path = [...parent, key]
    const reference = referenceOf(value)
    if (reference !== undefined && SPREADS.includes(reference.source)) return this.#spread(reference, parent)
    if (reference !== undefined) return this.#leaf(reference, path)
    if (isTemplate(value)) return [this.#nested(value, path)]
    return [this.#constant(value, path)]
  }

  #constant(value: TemplateValue, path: readonly string[]): AnyEncode {
    const encoded = this.#syntax.key(path) + this.#syntax.value(value)
    return () => encoded
  }

  #nested(template: Template, path: readonly string[]): AnyEncode {
    const inner = this.object(template, path)
    if (!this.#syntax.nests) return inner
    const key = this.#syntax.key(path)
    const { open, close } = this.#syntax
    return (subject, level) => {
      const encoded = inner(subject, level)
      return encoded === '' ? '' : key + open + encoded.slice(1) + close
    }
  }

  #leaf(reference: Reference, path: readonly string[]): AnyEncode[] {
    const { source, form: name } = reference
    const found = this.#sources.named[source] ?? this.#sources.included[source]
    if (found?.constant !== undefined) return [this.#constant(found.constant, path)]
    const read = found?.[this.#kind]
    if (read === undefined) return []
    const form = name === undefined ? plainForm(source) : FORMS[source]?.[name]
    const key = this.#syntax.key(path)
    if (source === 'level') return [this.#level(key, form, read)]
    const { value: write } = this.#syntax
    return [
      (subject, level) => {
        const value = read(subject, level)
        if (value === undefined) return ''
        const said = form === undefined ? value : form(value as never)
        return said === undefined ? '' : key + write(said)
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

  #spread({ source, form }: Reference, parent: readonly string[]): AnyEncode[] {
    if (source === 'included') {
      return Object.keys(this.#sources.included).flatMap((name) =>
        this.#placed.has(name) ? [] : this.#leaf({ source: name, form: undefined }, [...parent, name]),
      )
    }
    const { key, value: write } = this.#syntax
    const say = form === undefined ? (value: unknown) => value : flatValue
    // Elastic takes a dot in the name of a label for an object.
    const call = (name: string): string => (form === 'labels' ? name.replaceAll('.', '_') : name)
    const field = (name: string, value: unknown): string => key([...parent, call(name)]) + write(say(value))
    if (this.#kind === 'started') return []
    if (this.#kind === 'completed') return [(entry: Entry) => encodeAdded(entry, field)] as AnyEncode[]
    const fields = (row: LogRow): string =>
      Object.entries(customOf(row)).reduce((encoded, [name, value]) => encoded + field(name, value), '')
    return [fields] as AnyEncode[]
  }
}

function encodeAdded({ added }: Entry, field: (name: string, value: unknown) => string): string {
  if (added === undefined) return ''
  let encoded = ''
  for (const [name, value] of added.fields) encoded += field(name, value)
  return encoded
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
