import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, inject } from 'vitest'
import { BARE_ENV, run } from '../packed/process.js'

/** A line as it was written, its newline left out, and what it says. */
export interface Written {
  readonly text: string
  readonly line: Line
}

/** A native line. */
export interface Line {
  readonly timestamp: string
  readonly level: string
  readonly message: string
  readonly event?: 'request.started' | 'request.completed'
  readonly request_id?: string
  readonly method?: string
  readonly path?: string
  readonly route?: string
  readonly status?: number
  readonly duration_ms?: number
  readonly response_bytes?: number
  readonly [field: string]: unknown
}

/** Puts the service beside the packed package, and returns the folder of both. */
export async function installService(): Promise<string> {
  const project = inject('project')
  await cp(new URL('service', import.meta.url), join(project, 'service'), { recursive: true })
  return project
}

/** Runs the service in a format, and returns the lines of its stdout. */
export async function runService(format: string): Promise<string[]> {
  const project = await installService()
  const env = { ...BARE_ENV, LOG_FORMAT: format }
  const { by, stdout, stderr } = await run(process.execPath, ['service/service.mjs'], project, env)
  expect(by, stderr).toBe(0)
  return linesOf(stdout)
}

/** Reads what the service wrote, as `service/record.mjs` has kept it. */
export async function readRecord(file: string): Promise<string[]> {
  return linesOf(await readFile(file, 'utf8'))
}

/** The lines of an output, each of which must have ended. */
export function linesOf(output: string): string[] {
  expect(output.endsWith('\n')).toBe(true)
  return output.slice(0, -1).split('\n')
}

export function parse(text: string): Line {
  return JSON.parse(text) as Line
}

/** Whether a line is a completion with a status of 500 or more. */
export function isFailure({ event, status = 0 }: Line): boolean {
  return event === 'request.completed' && status >= 500
}
