import type { Field, Group, Part, Spread } from './parts.js'
import { type Piece, sayTogether } from './steady.js'
import type { Syntax } from './syntax.js'

type Used = (...args: never[]) => unknown

/** Whether something has been written where the next key comes: then it needs its separator. */
type Begun = 'no' | 'yes' | 'unknown'

/** What comes next in a line, as far as it is a run of constants and of values that come again. */
interface Run {
  readonly pieces: Piece[]
  /** What reads the values. */
  readonly reads: Used[]
}

/** The text of a function. What it calls are the functions of the parts; what it holds are their texts, quoted. */
export class Program {
  /** The functions of the parts. */
  readonly used: Used[] = []
  readonly #syntax: Syntax
  readonly #end: string
  readonly #statements: string[] = []
  /** What is remembered from line to line. */
  readonly #remembered: string[] = []
  #run: Run = { pieces: [], reads: [] }
  #groups = 0

  /** @param end what stands behind a line */
  constructor(syntax: Syntax, end: string) {
    this.#syntax = syntax
    this.#end = end
  }

  get text(): string {
    const functions = this.used.map((_each, at) => `const f${at} = used[${at}]\n`).join('')
    return `'use strict'
${functions}${this.#remembered.join('\n')}
return (subject, level) => {
let line = '', value
${this.#statements.join('\n')}
}`
  }

  /** Writes a line of some parts where some values are there and others are not. */
  lineWhere(said: readonly Used[], unsaid: readonly Used[], parts: readonly Part[]): void {
    const tests = [
      ...said.map((read) => `${this.#call(read, 'subject, level')} !== undefined`),
      ...unsaid.map((read) => `${this.#call(read, 'subject, level')} === undefined`),
    ]
    this.#statements.push(`if (${tests.join(' && ')}) {`)
    this.line(parts)
    this.#statements.push('}')
  }

  /** Writes a whole line. */
  line(parts: readonly Part[]): void {
    const { open, close } = this.#syntax
    const [first] = parts
    // What all lines begin with is one text with what stands before it.
    const isOpen = first !== undefined && isSaid(first)
    if (isOpen) this.#add(open)
    this.#list(parts, 'line')
    if (!isOpen) {
      this.#flush('line')
      this.#statements.push(`line = ${quote(open)} + line`)
    }
    this.#add(close + this.#end)
    this.#flush('line')
    this.#statements.push('return line')
  }

  /** Writes parts behind what nothing has been written of yet. */
  #list(parts: readonly Part[], into: string): void {
    let begun: Begun = 'no'
    for (const part of parts) {
      if ('text' in part) this.#constant(part.text, into, begun)
      else if ('spread' in part) this.#spread(part, into, begun)
      else if ('parts' in part) this.#group(part, into, begun)
      else this.#field(part, into, begun)
      begun = begunAfter(part, begun)
    }
  }

  /** Says what all lines say, which begins with a separator. */
  #constant(text: string, into: string, begun: Begun): void {
    if (begun !== 'unknown') this.#add(begun === 'no' ? text.slice(1) : text)
    else this.#flush(into, withSeparator(text, into, begun))
  }

  #field(field: Field, into: string, begun: Begun): void {
    const { key, read, write, always, holds } = field
    if (holds !== 'once' && (begun === 'yes' || (always && begun === 'no'))) {
      this.#run.pieces.push({ key: begun === 'no' ? key.slice(1) : key, write, holds })
      this.#run.reads.push(read)
    } else if (always) {
      this.#certain(field, into, begun)
    } else {
      this.#optional(field, into, begun)
    }
  }

  /** Says what all lines say, each in its way. */
  #certain({ key, read, write, quick, quoted }: Field, into: string, begun: Begun): void {
    if (quoted === undefined) {
      this.#constant(key, into, begun)
      this.#flush(into, this.#call(quick ?? write, this.#call(read, 'subject, level')))
    } else {
      this.#constant(`${key}"`, into, begun)
      this.#flush(into, this.#call(quoted, 'subject'))
      this.#add('"')
    }
  }

  /** Says what not all lines say. */
  #optional({ key, read, write, quick, quoted }: Field, into: string, begun: Begun): void {
    this.#flush(into)
    this.#statements.push(`value = ${this.#call(read, 'subject, level')}`)
    if (quoted !== undefined) {
      const text = `${withSeparator(`${key}"`, into, begun)} + ${this.#call(quoted, 'subject')} + '"'`
      this.#statements.push(`if (value !== undefined) ${into} += ${text}`)
    } else {
      this.#statements.push(
        `if (value !== undefined) value = ${this.#call(quick ?? write, 'value')}`,
        `if (value !== undefined) ${into} += ${withSeparator(key, into, begun)} + value`,
      )
    }
  }

  #group(group: Group, into: string, begun: Begun): void {
    const { open, close } = this.#syntax
    const { key, parts } = group
    if (isSaid(group) && begun !== 'unknown') {
      this.#constant(key + open, into, begun)
      this.#list(parts, into)
      this.#add(close)
      return
    }
    this.#flush(into)
    const name = `group${this.#groups++}`
    this.#statements.push(`let ${name} = ''`)
    this.#list(parts, name)
    this.#flush(name)
    const whole = [withSeparator(key, into, begun), quote(open), name, quote(close)].join(' + ')
    this.#statements.push(`if (${name} !== '') ${into} += ${whole}`)
  }

  #spread({ spread }: Spread, into: string, begun: Begun): void {
    this.#flush(into)
    const fields = begun === 'yes' ? 'value' : `(${into} === '' ? value.slice(1) : value)`
    this.#statements.push(`value = ${this.#call(spread, 'subject')}`, `${into} += ${fields}`)
  }

  #add(text: string): void {
    const { pieces } = this.#run
    const last = pieces.at(-1)
    if (typeof last === 'string') pieces[pieces.length - 1] = last + text
    else pieces.push(text)
  }

  /** Ends a run, and writes it with an expression behind it. */
  #flush(into: string, expression?: string): void {
    const run = this.#run
    this.#run = { pieces: [], reads: [] }
    const said = [...this.#said(run), ...(expression === undefined ? [] : [expression])]
    if (said.length > 0) this.#statements.push(`${into} += ${said.join(' + ')}`)
  }

  /** What a run says, as an expression; one of constants alone says them, another what it said last of the same values. */
  #said({ pieces, reads }: Run): string[] {
    if (reads.length === 0) return pieces.map((text) => quote(String(text)))
    const last = `said${this.#remembered.length}`
    const names = reads.map((_read, at) => `${last}of${at}`)
    const values = names.map((name) => `new_${name}`)
    this.#remembered.push(`let ${last}, ${names.map((name) => `${name} = used`).join(', ')}`)
    for (const [at, read] of reads.entries())
      this.#statements.push(`const ${values[at]} = ${this.#call(read, 'subject, level')}`)
    const differs = names.map((name, at) => `${values[at]} !== ${name}`).join(' || ')
    const keep = names.map((name, at) => `${name} = ${values[at]}`).join(', ')
    const say = this.#call(sayTogether(pieces), values.join(', '))
    this.#statements.push(`if (${differs}) {`, `${last} = ${say}`, keep, '}')
    return [last]
  }

  #call(called: Used, args: string): string {
    return `f${this.used.push(called) - 1}(${args})`
  }
}

function begunAfter(part: Part, before: Begun): Begun {
  if (isSaid(part)) return 'yes'
  return before === 'no' ? 'unknown' : before
}

/** Whether each line has a part, and begins it with what it always says. */
function isSaid(part: Part): boolean {
  if ('parts' in part) return part.parts[0] !== undefined && isSaid(part.parts[0])
  return 'text' in part || ('always' in part && part.always)
}

/** A text that begins with a separator, as an expression: what comes first does without. */
function withSeparator(text: string, into: string, begun: Begun): string {
  if (begun === 'yes') return quote(text)
  const bare = quote(text.slice(1))
  return begun === 'no' ? bare : `(${into} === '' ? ${bare} : ${quote(text)})`
}

function quote(text: string): string {
  return JSON.stringify(text)
}
