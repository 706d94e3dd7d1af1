import type { Template } from '../options.js'
import type { Capture } from '../request/details.js'
import type { FormatName } from '../vocabulary.js'
import { combinedFormat } from './combined.js'
import { nativeFields } from './fields.js'
import type { Format } from './format.js'
import { jsonFormat } from './json.js'
import { lineFormat } from './line-format.js'
import type { Sources } from './parts.js'
import { prettyFormat } from './pretty.js'
import { PREFIX_BYTES, withPriority } from './priority.js'
import { captureSources, type Service, SOURCES, serviceSources, traceNameSource } from './sources.js'
import { json, logfmt } from './syntax.js'
import { datadog } from './templates/datadog.js'
import { ecs } from './templates/ecs.js'
import { gcp } from './templates/gcp.js'
import { nativeFlat } from './templates/native.js'
import { otel } from './templates/otel.js'

/** The formats that are JSON in the shape of a reader's own. */
const TEMPLATES = { ecs, gcp, datadog, otel }

/** What decides how lines look. */
export interface FormatSettings extends Service {
  readonly format: FormatName | Template
  readonly colors: boolean
  readonly maxLineBytes: number
  /** The project of Google Cloud whose traces are meant. */
  readonly project: string | undefined
  /** Whether lines begin with their priority for the journal of systemd. */
  readonly priority: boolean
}

/** Makes the format that was asked for. */
export function createFormat(settings: FormatSettings, captures: readonly Capture[]): Format {
  const { priority, maxLineBytes } = settings
  if (!priority) return formatOf(settings, captures, maxLineBytes)
  return withPriority(formatOf(settings, captures, maxLineBytes - PREFIX_BYTES))
}

function formatOf(settings: FormatSettings, captures: readonly Capture[], maxLineBytes: number): Format {
  const { format, colors } = settings
  const sources = sourcesOf(settings, captures)
  if (typeof format === 'object') return lineFormat(format, json, sources, maxLineBytes)
  switch (format) {
    case 'json':
      return jsonFormat(sources, maxLineBytes)
    case 'pretty':
      return prettyFormat(nativeFields(captures), colors, maxLineBytes)
    case 'logfmt':
      return lineFormat(nativeFlat, logfmt, sources, maxLineBytes)
    case 'combined':
      return combinedFormat(sources, jsonFormat(sources, maxLineBytes).logLine, maxLineBytes)
    default:
      return lineFormat(TEMPLATES[format], json, sources, maxLineBytes)
  }
}

function sourcesOf(settings: FormatSettings, captures: readonly Capture[]): Sources {
  const named = { ...SOURCES, ...serviceSources(settings), trace_name: traceNameSource(settings.project) }
  return { named, included: captureSources(captures) }
}
