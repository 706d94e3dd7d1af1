/**
 * Whether to write colours: `FORCE_COLOR` decides (`0` and `false` are no), then `NO_COLOR` (https://no-color.org),
 * then whether a terminal that knows colours reads the lines.
 */
export function wantsColors(env: Readonly<Record<string, string | undefined>>, terminal: boolean): boolean {
  const force = env.FORCE_COLOR
  if (force !== undefined) return force !== '0' && force !== 'false'
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false
  return terminal && env.TERM !== 'dumb'
}

/**
 * Reads `OTEL_RESOURCE_ATTRIBUTES`: `key=value` pairs with commas between them, percent-encoded (OpenTelemetry, resource
 * SDK). What has no such form is left out, as its SDKs do.
 */
export function resourceAttributes(text = ''): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const pair of text.split(',')) {
    const end = pair.indexOf('=')
    const key = pair.slice(0, Math.max(end, 0)).trim()
    const value = pair.slice(end + 1).trim()
    if (key === '' || value === '') continue
    try {
      attributes.set(decodeURIComponent(key), decodeURIComponent(value))
    } catch {
      // Not percent-encoded as it should be.
    }
  }
  return attributes
}
