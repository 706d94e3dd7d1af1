import type { Template, TemplateValue } from '../options.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { writeAdded } from './added-names.js'
import { FORMS, type Form, flatValue, plainForm } from './forms.js'
import { customOf, type LogRow } from './log-row.js'
import { ALWAYS_SAID, type LineKind, type Source } from './sources.js'
import type { Syntax } from './syntax.js'
import { constantOf, isTemplate, type Reference, referenceOf, SPREADS } from './template.js'

/** The sources that a template may name: those that are always there, and what was asked for by name. */
export interface Sources {
  readonly named: Readonly<Record<string, Source>>
  /** The details that `include` names, in its order. */
  readonly included: Readonly<Record<string, Source>>
}

/** One part of a line of a kind, which a template declares. */
export type Part = Constant | Field | Group | Spread

/** What all lines say alike: keys and values, each with its separator before it. */
export interface Constant {
  readonly text: string
}

/** A key, with its separator before it, and a value. */
export interface Field {
  readonly key: string
  readonly read: (subject: never, level: Level) => unknown
  /** Undefined where a value says nothing. */
  readonly write: (value: never) => string | undefined
  /** Whether each line has it. */
  readonly always: boolean
  /** Whether nearly all lines have it, or nearly none, where it is not for each to decide. */
  readonly usually?: 'said' | 'unsaid' | undefined
  /** How long what it says holds: for the next lines too, or over and over. */
  readonly holds: 'once' | 'next' | 'often'
  /** What `write` says, between quotes that always are there, straight from the subject. */
  readonly quoted?: ((subject: never) => string) | undefined
  /** What `write` says, for less. */
  readonly quick?: ((value: never) => string) | undefined
}

/** An object with parts of its own; one without any is left out. */
export interface Group {
  readonly key: string
  readonly parts: readonly Part[]
}

/** Fields that nobody could name before, each with its separator. */
export interface Spread {
  readonly spread: (subject: never) => string
  /** Reads what they are made of; undefined where there are none. */
  readonly read: (subject: never) => unknown
  readonly usually?: 'unsaid'
}

/** The parts of a line of a kind. */
export function partsOf(
  template: Template,
  kind: LineKind,
  sources: Sources,
  syntax: Syntax,
): readonly Part[] {
  return new Declaration(kind, sources, syntax, template).parts(template, [])
}

class Declaration {
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

  parts(template: Template, path: readonly string[]): Part[] {
    return Object.entries(template).flatMap(([key, value]) => {
      const reference = referenceOf(value)
      if (reference === undefined || !SPREADS.includes(reference.source))
        return this.#value(value, [...path, key])
      if (reference.source === 'included') return this.#included(reference, path, Object.keys(template))
      return this.#added(reference, path, this.#namesBeside(template, path))
    })
  }

  #value(value: TemplateValue, path: readonly string[]): Part[] {
    const reference = referenceOf(value)
    if (reference !== undefined) return this.#leaf(reference, path)
    if (isTemplate(value)) return this.#nested(value, path)
    return [this.#constant(value, path)]
  }

  #constant(value: TemplateValue, path: readonly string[]): Part {
    return { text: this.#key(path) + this.#syntax.value(constantOf(value)) }
  }

  #nested(template: Template, path: readonly string[]): Part[] {
    const parts = this.parts(template, path)
    if (!this.#syntax.nests) return parts
    return parts.length === 0 ? [] : [{ key: this.#key(path), parts }]
  }

  #key(path: readonly string[]): string {
    return this.#syntax.key(this.#syntax.name(path))
  }

  #leaf(reference: Reference, path: readonly string[], as?: Form): Part[] {
    const { source, form: name } = reference
    const found = this.#sources.named[source] ?? this.#sources.included[source]
    const form = as ?? (name === undefined ? plainForm(source) : FORMS[source]?.[name])
    const constant = found?.constant ?? found?.same?.[this.#kind]
    if (constant !== undefined) {
      const said = form === undefined ? constant : form(constant as never)
      return said === undefined ? [] : [{ text: this.#key(path) + this.#syntax.value(said) }]
    }
    const read = found?.[this.#kind]
    if (read === undefined) return []
    // A form may find nothing to say, but not of these two.
    const isSaid = form === undefined || source === 'time' || source === 'level'
    return [
      {
        key: this.#key(path),
        read,
        write: this.#writer(form),
        always: this.#kind !== 'row' && isSaid && ALWAYS_SAID.has(source),
        usually:
          this.#kind === 'row' || (form !== undefined && found?.usually === 'said')
            ? undefined
            : found?.usually,
        holds: source === 'time' ? 'next' : found?.few ? 'often' : 'once',
        ...(form === undefined && this.#shortcuts(found, source)),
      },
    ]
  }

  #shortcuts(found: Source | undefined, source: string): Pick<Field, 'quoted' | 'quick'> {
    // Of the texts that may stand bare a message never does: it has a space.
    const isQuoted = !this.#syntax.hasBareTexts || source === 'message'
    return { quoted: isQuoted ? found?.quoted?.[this.#kind] : undefined, quick: found?.quick }
  }

  #writer(form: Form | undefined): Field['write'] {
    const { value: write } = this.#syntax
    if (form === undefined) return write
    return (value) => {
      const said = form(value as never)
      return said === undefined ? undefined : write(said)
    }
  }

  /** What was asked for by name and has no place of its own. */
  #included({ form }: Reference, parent: readonly string[], beside: readonly string[]): Part[] {
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
  #added({ form }: Reference, parent: readonly string[], taken: ReadonlySet<string>): Part[] {
    if (this.#kind === 'started') return []
    const nameOf = (given: string): string => this.#syntax.name([...parent, callField(given, form)])
    const encode = writeAdded(this.#syntax, nameOf, taken, form === undefined ? undefined : flatValue)
    const withError = this.#placed.has('error')
    if (this.#kind === 'row') {
      const read = (row: LogRow): unknown => row.fields
      return [{ read, spread: (row: LogRow) => encode(customOf(row, withError)) }]
    }
    const spread = ({ added }: RequestRecord): string => (added === undefined ? '' : encode(added.fields))
    return [{ read: ({ added }: RequestRecord) => added, spread, usually: 'unsaid' }]
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
