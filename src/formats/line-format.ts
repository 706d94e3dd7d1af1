import type { Template } from '../options.js'
import type { RequestRecord } from '../request/record.js'
import { compileParts } from './compile.js'
import { declaredPaths, flatName, flatten, unflatten } from './flat.js'
import type { Format } from './format.js'
import { FORMS } from './forms.js'
import { type CutMark, fitRecord, fits } from './limit.js'
import { type LogRow, readLogLine } from './log-row.js'
import { partsOf, type Sources } from './parts.js'
import { type Render, renderParts } from './render.js'
import type { LineKind } from './sources.js'
import { json, type Syntax } from './syntax.js'
import { isTemplate, referenceOf } from './template.js'
import { encodeValue } from './text.js'

/** Compiles a format from its declaration: what a line holds, and how it is written. */
export function lineFormat(
  template: Template,
  syntax: Syntax,
  sources: Sources,
  maxLineBytes: number,
): Format {
  /** What is too long is written as JSON first, which can be read again. */
  const plain: Syntax = syntax.nests ? syntax : { ...json, nests: false, name: syntax.name }
  const pathOf = (path: readonly string[]): readonly string[] => (syntax.nests ? path : [syntax.name(path)])
  const keep = new Set(declaredPaths(template).map((path) => flatName(pathOf(path))))
  const mark = markOf(template) ?? null

  function writerOf<Subject>(kind: LineKind): Render<Subject> {
    const write = compileParts<Subject>(partsOf(template, kind, sources, syntax), syntax, '\n')
    const render = renderParts<Subject>(partsOf(template, kind, sources, plain), plain)
    return (subject, level) => {
      const line = write(subject, level)
      if (fits(line, maxLineBytes)) return line
      const record = flatten(JSON.parse(render(subject, level)), template)
      return `${writeRecord(unflatten(fitRecord(record, maxLineBytes - 1, keep, mark)), syntax)}\n`
    }
  }

  const writeRow = writerOf<LogRow>('row')
  return {
    addsService: true,
    started: writerOf<RequestRecord>('started'),
    completed: writerOf<RequestRecord>('completed'),
    logLine: (line) => {
      const row = readLogLine(line)
      return writeRow(row, row.level)
    },
  }
}

function writeRecord(record: Record<string, unknown>, syntax: Syntax): string {
  if (syntax.nests) return encodeValue(record)
  const fields = Object.entries(record).map(([key, value]) => syntax.key(key) + syntax.value(value))
  return fields.join('').slice(1)
}

/** Where a template has lines say that they were cut. */
function markOf(template: Template, parent: readonly string[] = []): CutMark | undefined {
  for (const [key, value] of Object.entries(template)) {
    const path = [...parent, key]
    if (isTemplate(value)) {
      const found = markOf(value, path)
      if (found !== undefined) return found
    }
    const reference = referenceOf(value)
    if (reference?.source !== 'truncated') continue
    const form = reference.form === undefined ? undefined : FORMS.truncated?.[reference.form]
    return { key: flatName(path), value: form === undefined ? true : form(true as never) }
  }
  return undefined
}
