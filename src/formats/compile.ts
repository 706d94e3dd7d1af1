import type { Part } from './parts.js'
import { Program } from './program.js'
import { type Render, renderParts } from './render.js'
import type { Syntax } from './syntax.js'
import { usualLine } from './usual.js'

/**
 * Compiles the parts of a line to one function, which says what {@link renderParts} says, for less. Where code must not be
 * made of texts (`--disallow-code-generation-from-strings`), lines are rendered by their parts.
 * @param end what stands behind a line
 */
export function compileParts<Subject>(parts: readonly Part[], syntax: Syntax, end = ''): Render<Subject> {
  const program = new Program(syntax, end)
  const { said, unsaid, parts: usual } = usualLine(parts)
  if (said.length + unsaid.length > 0) program.lineWhere(said, unsaid, usual)
  program.line(parts)
  try {
    const make = new Function('used', program.text)
    return make(program.used) as Render<Subject>
  } catch {
    const render = renderParts<Subject>(parts, syntax)
    return (subject, level) => render(subject, level) + end
  }
}
