import type { Template } from '../options.js'
import { isTemplate } from './template.js'

type Container = Record<string, unknown>

/** The name of a field wherever it stands: no key of a line can be another's. */
export function flatName(path: readonly string[]): string {
  return JSON.stringify(path)
}

/** Where all fields stand that a template declares. */
export function declaredPaths(template: Template, parent: readonly string[] = []): (readonly string[])[] {
  return Object.entries(template).flatMap(([key, value]) => {
    const path = [...parent, key]
    return isTemplate(value) ? declaredPaths(value, path) : [path]
  })
}

/** A line with the fields of the objects that its template declares side by side, so that they can be weighed. */
export function flatten(line: Container, template: Template): Container {
  return Object.fromEntries(flatEntries(line, template, []))
}

function flatEntries(line: Container, template: Template, parent: readonly string[]): [string, unknown][] {
  return Object.entries(line).flatMap(([key, value]) => {
    const path = [...parent, key]
    const declared = Object.hasOwn(template, key) ? template[key] : undefined
    if (isTemplate(declared) && isTemplate(value)) return flatEntries(value, declared, path)
    return [[flatName(path), value]]
  })
}

/** A line as it was before {@link flatten}. */
export function unflatten(flat: Container): Container {
  const line: Container = {}
  for (const [name, value] of Object.entries(flat)) put(line, JSON.parse(name), value)
  return line
}

function put(container: Container, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length > 0 && !Object.hasOwn(container, key)) define(container, key, {})
  if (rest.length > 0) put(container[key] as Container, rest, value)
  else define(container, key, value)
}

/** Assigning would take `__proto__` for the prototype. */
function define(container: Container, key: string, value: unknown): void {
  Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true })
}
