const PAIR =
  /([!#-<>-~]+)=(?:("(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|([!#-<>-[\]-~]+))(?: |$)/y

/** Parses a line of logfmt; throws where it is none, and where two fields have one name. */
export function parseLogfmt(line: string): Map<string, string> {
  const fields = new Map<string, string>()
  PAIR.lastIndex = 0
  while (PAIR.lastIndex < line.length) {
    const at = PAIR.lastIndex
    const [, key = '', quoted, bare = ''] = PAIR.exec(line) ?? []
    if (key === '') throw new SyntaxError(`no field at ${at} of ${line}`)
    if (fields.has(key)) throw new SyntaxError(`two fields are called ${key}`)
    fields.set(key, quoted === undefined ? bare : (JSON.parse(quoted) as string))
  }
  return fields
}

const QUOTED = '"((?:[^"\\\\]|\\\\["\\\\]|\\\\x[0-9a-f]{2}|\\\\u[0-9a-f]{4})*)"'
const TIME = '\\[\\d{2}/[A-Z][a-z]{2}/\\d{4}:\\d{2}:\\d{2}:\\d{2} \\+0000\\]'
const COMBINED = new RegExp(`^([^ ]+) - - ${TIME} ${QUOTED} (\\d{3}) (\\d+) ${QUOTED} ${QUOTED}$`)

/** What a line of an access log says. */
export interface AccessLine {
  readonly client: string
  /** Its method, target and protocol. */
  readonly request: readonly string[]
  readonly status: number
  readonly bytes: number
  readonly referer: string
  readonly agent: string
}

/** Parses a line of the Combined Log Format; throws where it is none. */
export function parseCombined(line: string): AccessLine {
  const parts = COMBINED.exec(line)?.slice(1).map(unquoted)
  if (parts === undefined) throw new SyntaxError(`no line of an access log: ${line}`)
  const [client = '', request = '', status, bytes, referer = '', agent = ''] = parts
  return { client, request: request.split(' '), status: Number(status), bytes: Number(bytes), referer, agent }
}

function unquoted(text: string): string {
  return text.replace(/\\(?:x(..)|u(....)|(.))/g, (_escape, two?: string, four?: string, one?: string) =>
    one === undefined ? String.fromCharCode(Number.parseInt(two ?? four ?? '', 16)) : one,
  )
}
