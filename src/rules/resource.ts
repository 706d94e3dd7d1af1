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
