import { currentContext } from '../context.js'
import { headersOf } from './propagation.js'

/** A call to another service, before it is sent. */
export interface Call {
  /** The hosts that get it, as they were given: of a call through a proxy both. */
  readonly hosts: readonly string[]
  has(header: string): boolean
  add(header: string, value: string): void
}

/** Has a call carry what it belongs to, if it is made for a request and stays inside; what the caller set stays. */
export function sendAlong({ hosts, has, add }: Call): void {
  const context = currentContext()
  if (context?.propagation === undefined) return
  const { entry, propagation } = context
  if (!hosts.every(propagation.reaches)) return
  for (const [name, value] of Object.entries(headersOf(entry, propagation))) if (!has(name)) add(name, value)
}

/** The host of a URL; one that is none is what nobody is. */
export function hostOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
