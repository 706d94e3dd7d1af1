import type { Template, TemplateValue } from '../options.js'
import type { AddedFields } from '../request/fields.js'
import type { RequestRecord } from '../request/record.js'
import type { Level } from '../vocabulary.js'
import { FreeNames } from './fields.js'
import { type CutMark, fitLine, fits } from './fit.js'
import { type Form, flatValue } from './forms.js'
import type { Format } from './index.js'
import { joinByClosures, joinParts, type Part, type PartWriter } from './join.js'
import { json, type Syntax } from './json.js'
import { customOf, type LogRow } from './log-line.js'
import { isNative } from './native.js'
import { constantOf, isTemplate, type Reference, referenceOf, SPREADS } from './template.js'
import type { EventKind, LineKind, Value } from './values.js'

/** The values that a template can name. */
export interface Values {
  readonly named: Readonly<Record<string, Value>>
  /** The details that `include` names, in its order. */
  readonly included: Readonly<Record<string, Value>>
}

/** Fields next to added ones: the parts that write each, by its name. */
type Siblings = ReadonlyMap<string, readonly Part[]>

/** Creates a format from a template, which says what a line holds, and a syntax. */
export function lineFormat(template: Template, syntax: Syntax, values: Values, maxLineBytes: number): Format {
  // A line that is too long is written as JSON first, because that can be parsed again.
  const readable: Syntax = syntax.nests ? syntax : { ...json, nests: false, name: syntax.name }
  const mark = markOf(template)

  function writerOf<Subject>(kind: LineKind): (subject: Subject, level: Level) => string {
    const line = new TemplateWriter(template, kind, values, syntax)
    const readableLine = syntax.nests ? line : new TemplateWriter(template, kind, values, readable)
    return (subject, level) => {
      const text = line.write(subject as never, level)
      if (fits(text, maxLineBytes)) return text
      return fitLine(readableLine.write(subject as never, level), maxLineBytes, template, syntax, mark)
    }
  }

  const writeRow = writerOf<LogRow>('row')
  return {
    started: writerOf<RequestRecord>('started'),
    running: writerOf<RequestRecord>('running'),
    completed: writerOf<RequestRecord>('completed'),
    logLine: (row) => writeRow(row, row.level),
  }
}

/** Returns a function that writes only the fields of an event, for lines that a logger begins and ends. */
export function fieldsWriter(
  template: Template,
  kind: EventKind,
  values: Values,
  syntax: Syntax,
): (record: RequestRecord, level: Level) => string {
  const line = new TemplateWriter(template, kind, values, syntax)
  return (record, level) => line.writeFields(record as never, level)
}

/** Writes the lines of one kind. */
class TemplateWriter {
  readonly #kind: LineKind
  readonly #values: Values
  readonly #syntax: Syntax
  /** The beginning and end of a line. */
  readonly #open: string
  readonly #end: string
  readonly #template: Template
  /** The values that the template names. */
  readonly #placed: ReadonlySet<string>
  readonly #join: PartWriter

  constructor(template: Template, kind: LineKind, values: Values, syntax: Syntax) {
    this.#kind = kind
    this.#values = values
    this.#syntax = syntax
    this.#open = syntax.open
    this.#end = `${syntax.close}\n`
    this.#template = template
    this.#placed = new Set(valuesOf(template))
    this.#join = joinParts(this.#partsOf(template, []))
  }

  write(subject: never, level: Level): string {
    return this.#open + this.#join(subject, level) + this.#end
  }

  /** Writes a line without its beginning and end. */
  writeFields(subject: never, level: Level): string {
    return this.#join(subject, level)
  }

  #partsOf(template: Template, path: readonly string[]): Part[] {
    return Object.entries(template).flatMap(([key, value]) => {
      const reference = referenceOf(value)
      if (reference === undefined || !SPREADS.includes(reference.source))
        return this.#partOf(value, [...path, key])
      if (reference.source === 'included') return this.#included(reference, path, Object.keys(template))
      return this.#added(reference, path, this.#siblings(template, path))
    })
  }

  #partOf(value: TemplateValue, path: readonly string[]): Part[] {
    const reference = referenceOf(value)
    if (reference !== undefined) return this.#field(reference, path)
    if (isTemplate(value)) return this.#group(value, path)
    const text = this.#key(path) + this.#syntax.value(constantOf(value))
    return [() => text]
  }

  #key(path: readonly string[]): string {
    return this.#syntax.key(this.#syntax.name(path))
  }

  #group(template: Template, path: readonly string[]): Part[] {
    const parts = this.#partsOf(template, path)
    if (!this.#syntax.nests || parts.length === 0) return parts
    const before = this.#key(path) + this.#syntax.open
    const { close } = this.#syntax
    const write = joinParts(parts)
    return [
      (subject, level) => {
        const text = write(subject, level)
        return text === '' ? '' : before + text + close
      },
    ]
  }

  #field({ source, form }: Reference, path: readonly string[], as?: Form): Part[] {
    const value = this.#values.named[source] ?? this.#values.included[source]
    const read = value?.[this.#kind] as ((subject: never, level: Level) => unknown) | undefined
    if (read === undefined) return []
    const shape = as ?? (form === undefined ? value?.plain : value?.forms?.[form])
    const write = this.#syntax.field(this.#key(path))
    if (shape === undefined) return [{ read, write }]
    return [
      {
        read,
        write: (given) => {
          const shaped = shape(given as never)
          return shaped === undefined ? '' : write(shaped)
        },
      },
    ]
  }

  /** Writes the included details that the template does not name. */
  #included({ form }: Reference, parent: readonly string[], siblings: readonly string[]): Part[] {
    return Object.keys(this.#values.included).flatMap((source) => {
      const name = fieldName(source, form)
      if (this.#placed.has(source) || siblings.includes(name)) return []
      const shape = form === 'headers' && !MEASURED.has(source) ? (value: unknown) => [value] : undefined
      return this.#field({ source, form: undefined }, [...parent, name], shape)
    })
  }

  /** Writes the fields that handlers and log lines add, under names that are free in the line. */
  #added({ form }: Reference, parent: readonly string[], siblings: Siblings): Part[] {
    if (this.#kind === 'started') return []
    const { key, value: write, name } = this.#syntax
    const shape = form === undefined ? (value: unknown) => value : flatValue
    // A reader's names stay reserved even without a value; a native name is free if the line doesn't use it.
    const isReserved = !isNative(this.#template)
    const siblingWriters = new Map<string, PartWriter>()
    for (const [at, parts] of siblings)
      if (parts.length > 0) siblingWriters.set(at, isReserved ? () => at : joinByClosures(parts))
    const isTaken = (at: string, subject: never, level: Level): boolean => {
      const write = siblingWriters.get(at)
      return write !== undefined && write(subject, level) !== ''
    }
    const writeAll = (fields: Iterable<readonly [string, unknown]>, subject: never, level: Level): string => {
      const names = new FreeNames((each) => isTaken(each, subject, level))
      let text = ''
      for (const [given, value] of fields)
        text += key(names.free(name([...parent, fieldName(given, form)]))) + write(shape(value))
      return text
    }
    if (this.#kind === 'row')
      return [(row: LogRow, level) => writeAll(customOf(row, this.#placed), row as never, level)]
    const fieldsOf = (record: RequestRecord): AddedFields | undefined =>
      this.#kind === 'running' ? record.bound : record.added
    return [
      (record: RequestRecord, level) => {
        const added = fieldsOf(record)
        return added === undefined ? '' : writeAll(added.fields, record as never, level)
      },
    ]
  }

  /** Returns the fields of this kind of line next to those that are added at a path. */
  #siblings(template: Template, path: readonly string[]): Siblings {
    const { nests, name } = this.#syntax
    const fields = (of: Template, at: readonly string[]): [string, Part[]][] =>
      Object.entries(of).flatMap(([key, value]): [string, Part[]][] => {
        const here = [...at, key]
        const { source, form } = referenceOf(value) ?? {}
        if (source === 'added') return []
        if (source === 'included')
          return Object.keys(this.#values.included).map((each) => [
            name([...at, fieldName(each, form)]),
            this.#field({ source: each, form: undefined }, at),
          ])
        if (isTemplate(value) && !nests) return fields(value, here)
        return [[name(here), this.#partOf(value, here)]]
      })
    return new Map(nests ? fields(template, path) : fields(this.#template, []))
  }
}

/** The details that are no headers, where a template spreads details as headers. */
const MEASURED: ReadonlySet<string> = new Set(['request_bytes', 'first_byte_ms'])

/** Names a field that the template does not name. */
function fieldName(name: string, form: string | undefined): string {
  // Elastic reads a dot in the name of a label as an object.
  if (form === 'labels') return name.replaceAll('.', '_')
  if (form !== 'headers' || MEASURED.has(name)) return name
  return name.startsWith('response:')
    ? `http.response.header.${name.slice('response:'.length)}`
    : `http.request.header.${name.replace('header:', '')}`
}

/** Returns the names of all values that a template names. */
function valuesOf(template: Template): string[] {
  return Object.values(template).flatMap((value) => {
    if (isTemplate(value)) return valuesOf(value)
    return referenceOf(value)?.source ?? []
  })
}

/** Finds the field of a template that marks a cut line. */
function markOf(template: Template, parent: readonly string[] = []): CutMark | undefined {
  for (const [key, value] of Object.entries(template)) {
    const path = [...parent, key]
    const found = isTemplate(value) ? markOf(value, path) : undefined
    if (found !== undefined) return found
    const reference = referenceOf(value)
    if (reference?.source === 'truncated') return { path, value: reference.form === 'text' ? 'true' : true }
  }
  return undefined
}
