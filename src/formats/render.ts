import type { Level } from '../vocabulary.js'
import type { Part } from './parts.js'
import type { Syntax } from './syntax.js'

/** Writes a whole line, without its newline. */
export type Render<Subject> = (subject: Subject, level: Level) => string

/** Renders a line by its parts, one after the other: the plain way. */
export function renderParts<Subject>(parts: readonly Part[], syntax: Syntax): Render<Subject> {
  const renders = parts.map((part) => renderPart(part, syntax))
  return (subject, level) => {
    const fields = renders.map((render) => render(subject as never, level)).join('')
    return syntax.open + fields.slice(1) + syntax.close
  }
}

function renderPart(part: Part, syntax: Syntax): Render<never> {
  if ('text' in part) return () => part.text
  if ('spread' in part) return part.spread
  if ('parts' in part) {
    const render = renderParts<never>(part.parts, syntax)
    const nothing = syntax.open + syntax.close
    return (subject, level) => {
      const object = render(subject, level)
      return object === nothing ? '' : part.key + object
    }
  }
  const { key, read, write } = part
  return (subject, level) => {
    const value = read(subject, level)
    const text = value === undefined ? undefined : write(value as never)
    return text === undefined ? '' : key + text
  }
}
