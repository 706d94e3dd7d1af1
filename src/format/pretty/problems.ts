import { attempt } from '../../safely.js'
import { cutText } from '../../text.js'

/** A validator's findings. */
export interface Problems {
  /** The first ones, each with its place and message. */
  readonly texts: readonly string[]
  readonly count: number
}

const MAX_SHOWN = 10
const MAX_TEXT = 200

/** Reads the validation problems from the errors of Fastify (ajv) and zod. */
export function problemsOf(thrown: unknown): Problems | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  for (const key of ['validation', 'issues']) {
    const found = attempt(() => readList(Reflect.get(thrown, key)), undefined)
    if (found !== undefined) return found
  }
  return undefined
}

function readList(list: unknown): Problems | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined
  return { texts: list.slice(0, MAX_SHOWN).map(textOf), count: list.length }
}

function textOf(problem: unknown): string {
  const { instancePath, path, message } = Object(problem) as Record<string, unknown>
  const place = Array.isArray(path) ? path.join('.') : String(instancePath ?? '')
  return cutText(`${place} ${String(message ?? '')}`.trim(), MAX_TEXT)
}
