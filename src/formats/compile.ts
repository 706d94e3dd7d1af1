import type { Field, Group, Part, Spread } from './parts.js'
import { remembering, rememberingLast } from './remember.js'
import { type Render, renderParts } from './render.js'
import type { Syntax } from './syntax.js'

/**
 * Compiles the parts of a line to one function, which says what {@link renderParts} says, for less. Where code must not be
 * made of texts (`--disallow-code-generation-from-strings`), lines are rendered by their parts.
 * @param end what stands behind a line
 */
export function compileParts<Subject>(parts: readonly Part[], syntax: Syntax, end = ''): Render<Subject> {
  const program = new Program(syntax, end)
  program.line(parts)
  try {
    const make = new Function('used', program.text)
    return make(program.used) as Render<Subject>
  } catch {
    const render = renderParts<Subject>(parts, syntax)
    return (subject, level) => render(subject, level) + end
  }
}

/** Whether something has been written where the next key comes: then it needs its separator. */
type Begun = 'no' | 'yes' | 'unknown'

/** The text of a function. What it calls are the functions of the parts; what it holds are their texts, quoted. */
class Program {
  /** The functions of the parts. */
  readonly used: ((...args: never[]) => unknown)[] = []
  readonly #syntax: Syntax
  readonly #statements: string[] = []
  /** What all lines say next, up to something that they say differently. */
  #constant = ''
  #groups = 0
  readonly #end: string

  constructor(syntax: Syntax, end: string) {
    this.#syntax = syntax
    this.#end = end
  }

  get text(): string {
    const functions = this.used.map((_each, at) => `const f${at} = used[${at}]\n`).join('')
    return `'use strict'
${functions}return (subject, level) => {
let line = '', value
${this.#statements.join('\n')}
return line
}`
  }

  /** Writes a whole line. */
  line(parts: readonly Part[]): void {
    const { open, close } = this.#syntax
    const [first] = parts
    // What all lines begin with is one text with what stands before it.
    if (first !== undefined && isSaid(first)) this.#constant = open
    this.list(parts, 'line')
    if (first === undefined || !isSaid(first)) this.#statements.push(`line = ${quote(open)} + line`)
    this.#constant += close + this.#end
    this.#flush('line')
  }

  /** Writes parts into a variable that holds nothing yet. */
  list(parts: readonly Part[], into: string): void {
    let begun: Begun = 'no'
    for (const part of parts) {
      if ('text' in part) this.#say(part.text, into, begun)
      else if ('spread' in part) this.#spread(part, into, begun)
      else if ('parts' in part) this.#group(part, into, begun)
      else this.#field(part, into, begun)
      begun = begunAfter(part, begun)
    }
  }

  /** Says what all lines say, which begins with a separator. */
  #say(text: string, into: string, begun: Begun): void {
    if (begun === 'unknown') this.#add(withSeparator(text, into, begun), into)
    else this.#constant += begun === 'no' ? text.slice(1) : text
  }

  #field(field: Field, into: string, begun: Begun): void {
    const { key, read, always, quoted } = field
    if (always) {
      this.#say(quoted === undefined ? key : `${key}"`, into, begun)
      const said = quoted === undefined ? this.#said(field) : this.#call(quoted, 'subject')
      this.#add(said, into)
      if (quoted !== undefined) this.#constant = '"'
      return
    }
    this.#flush(into)
    this.#statements.push(`value = ${this.#call(read, 'subject, level')}`)
    if (quoted !== undefined) {
      const text = `${withSeparator(`${key}"`, into, begun)} + ${this.#call(quoted, 'subject')} + '"'`
      this.#statements.push(`if (value !== undefined) ${into} += ${text}`)
    } else if (field.holds === 'often' && begun === 'yes') {
      const whole = remembering((value) => withKey(key, field.write(value as never)))
      this.#statements.push(`if (value !== undefined) ${into} += ${this.#call(whole, 'value')}`)
    } else {
      this.#statements.push(
        `if (value !== undefined) value = ${this.#call(writerOf(field), 'value')}`,
        `if (value !== undefined) ${into} += ${withSeparator(key, into, begun)} + value`,
      )
    }
  }

  /** The text of a value that each line has, as an expression. */
  #said(field: Field): string {
    return this.#call(writerOf(field), this.#call(field.read, 'subject, level'))
  }

  #group({ key, parts }: Group, into: string, begun: Begun): void {
    this.#flush(into)
    const group = `group${this.#groups++}`
    this.#statements.push(`let ${group} = ''`)
    this.list(parts, group)
    this.#flush(group)
    const { open, close } = this.#syntax
    const whole = [withSeparator(key, into, begun), quote(open), group, quote(close)].join(' + ')
    this.#statements.push(`if (${group} !== '') ${into} += ${whole}`)
  }

  #spread({ spread }: Spread, into: string, begun: Begun): void {
    this.#flush(into)
    const fields = begun === 'yes' ? 'value' : `(${into} === '' ? value.slice(1) : value)`
    this.#statements.push(`value = ${this.#call(spread, 'subject')}`, `${into} += ${fields}`)
  }

  /** Adds what an expression gives, behind what is constant. */
  #add(expression: string, into: string): void {
    this.#statements.push(
      `${into} += ${this.#constant === '' ? '' : `${quote(this.#constant)} + `}${expression}`,
    )
    this.#constant = ''
  }

  #flush(into: string): void {
    if (this.#constant !== '') this.#statements.push(`${into} += ${quote(this.#constant)}`)
    this.#constant = ''
  }

  #call(called: (...args: never[]) => unknown, args: string): string {
    return `f${this.used.push(called) - 1}(${args})`
  }
}

function begunAfter(part: Part, before: Begun): Begun {
  if (isSaid(part)) return 'yes'
  return before === 'no' ? 'unknown' : before
}

/** Whether each line has a part. */
function isSaid(part: Part): boolean {
  return 'text' in part || ('always' in part && part.always)
}

/** Writes the values of a field, those that come again from memory. */
function writerOf({ write, quick, holds }: Field): (value: never) => string | undefined {
  if (holds === 'once') return quick ?? write
  const remember = holds === 'next' ? rememberingLast : remembering
  return remember((value) => write(value as never))
}

function withKey(key: string, value: string | undefined): string {
  return value === undefined ? '' : key + value
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
