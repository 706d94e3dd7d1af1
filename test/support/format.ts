import { createFormat, type Format, type FormatSettings } from '../../src/format/index.js'
import type { Capture } from '../../src/request/details.js'
import { MAX_LINE_BYTES } from '../../src/vocabulary.js'

/** A format with nothing about it that was not asked for. */
export function formatOf(settings: Partial<FormatSettings> = {}, captures: readonly Capture[] = []): Format {
  const nothing = { service: undefined, version: undefined, environment: undefined, project: undefined }
  const terminal = { isShared: false, manyColors: false, columns: () => 80, cwd: process.cwd() }
  const looks = {
    format: 'json',
    colors: false,
    priority: false,
    maxLineBytes: MAX_LINE_BYTES,
    terminal,
    summary: false,
  } as const
  return createFormat({ ...nothing, ...looks, ...settings }, captures)
}
