/**
 * Reads `OTEL_RESOURCE_ATTRIBUTES`: `key=value` pairs with commas between them, percent-encoded (OpenTelemetry, resource
 * SDK). What has no such form is left out, as its SDKs do.
 */
export function resourceAttributes(text = ''): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>()
  for (const pair of text.split(',')) {
    const [key = '', value] = pair.split('=', 2).map((part) => part.trim())
    if (key === '' || value === undefined || value === '') continue
    try {
      attributes.set(decodeURIComponent(key), decodeURIComponent(value))
    } catch {
      // Not percent-encoded as it should be.
    }
  }
  return attributes
}
