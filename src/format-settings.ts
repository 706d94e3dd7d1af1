import { type Kind, oneOf, read, text } from './checks.js'
import { resourceAttributes } from './environment.js'
import { showValue, WaybillError } from './errors.js'
import { type Service, SOURCE_NAMES } from './formats/sources.js'
import { checkTemplate, isTemplate } from './formats/template.js'
import type { LoggerOptions, Template } from './options.js'
import { FORMAT_NAMES, type FormatName } from './vocabulary.js'

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

const formatName = oneOf<FormatName>(FORMAT_NAMES)
const word = text('a text', /./s)

/** The format that is asked for, by the option or by `LOG_FORMAT`. */
export function parseFormat({ format }: LoggerOptions, env: Environment): FormatName | Template | undefined {
  if (isTemplate(format)) return checkTemplate('format', format, SOURCE_NAMES)
  const takes = `${formatName.takes} or an object in the shape of a line`
  return read('format', format, { ...formatName, takes }) ?? readVariable(env, 'LOG_FORMAT', formatName)
}

/** What the service is: from the options, else from the variables of OpenTelemetry, which win over its attributes. */
export function parseService(options: LoggerOptions, env: Environment): Service {
  const attributes = resourceAttributes(env.OTEL_RESOURCE_ATTRIBUTES)
  return {
    service:
      read('service', options.service, word) ?? (env.OTEL_SERVICE_NAME || attributes.get('service.name')),
    version: read('version', options.version, word) ?? attributes.get('service.version'),
    environment:
      read('environment', options.environment, word) ??
      attributes.get('deployment.environment.name') ??
      attributes.get('deployment.environment'),
  }
}

/** The project of Google Cloud that traces belong to. */
export function parseProject({ googleProject }: LoggerOptions, env: Environment): string | undefined {
  return read('googleProject', googleProject, word) ?? (env.GOOGLE_CLOUD_PROJECT || undefined)
}

/** An environment variable as a setting; unset and empty are the same. */
export function readVariable<T extends string>(env: Environment, name: string, kind: Kind<T>): T | undefined {
  const value = env[name]?.toLowerCase()
  if (value === undefined || value === '') return undefined
  if (kind.accepts(value)) return value
  const message = `environment variable ${name} takes ${kind.takes}, got ${showValue(env[name])}`
  throw new WaybillError('WAYBILL_ERR_ENVIRONMENT', message, name)
}
