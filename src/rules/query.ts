const REDACTED = '[redacted]'

/**
 * A query string with every value redacted but those of the allowed keys. A part without `=` could be a bare
 * secret, so it is redacted whole unless it is an allowed key.
 */
export function redactQuery(query: string, allowed: ReadonlySet<string>): string {
  // Decodes all keys at once and never throws; without the "&" it would take a leading "?" off.
  const keys = new URLSearchParams(`&${query}`).keys()
  return query
    .split('&')
    .map((part) => (part === '' || allowed.has(keys.next().value ?? '') ? part : redactPart(part)))
    .join('&')
}

function redactPart(part: string): string {
  const equals = part.indexOf('=')
  return equals === -1 ? REDACTED : `${part.slice(0, equals)}=${REDACTED}`
}
