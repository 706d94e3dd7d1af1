import type { RequestRecord } from '../request/record.js'
import { commonLength, fits } from './fit.js'
import type { Format } from './index.js'
import { PLAIN } from './json.js'
import type { Values } from './line.js'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** The status of a request without one: nginx's number, which readers of access logs know. */
const NO_STATUS = 499

/** Stands for a missing text. */
const NO_TEXT = '-'

/** Characters that a quoted text must escape. */
const UNSAFE = /["\\\x00-\x1f\x7f-\x9f\u2028\u2029\uffff]|\p{Surrogate}/gu

/** The texts of a line. */
type Texts = readonly [client: string, method: string, target: string, referer: string, agent: string]

/**
 * The Combined Log Format of Apache and nginx: one line per completion, in UTC. The client's address, the referer and the
 * user agent appear if `include` names them. The app's own log lines have no place in it and go to stderr.
 */
export function combinedFormat(
  { included }: Values,
  logLine: Format['logLine'],
  maxLineBytes: number,
): Format {
  const detail = (name: string): ((entry: RequestRecord) => string) => {
    const read = included[name]?.completed
    return read === undefined ? () => NO_TEXT : (entry) => quotable(read(entry, 'info'))
  }
  const clientOf = detail('client_ip')
  const refererOf = detail('referer')
  const agentOf = detail('user_agent')
  const queryOf = included.query?.completed
  const timeOf = createTime()

  function targetOf(entry: RequestRecord): string {
    const query = queryOf?.(entry, 'info')
    return unspaced(quotable(query === undefined ? entry.path : `${entry.path}?${query}`), '%20')
  }

  function lineOf(
    entry: RequestRecord,
    client: string,
    method: string,
    target: string,
    referer: string,
    agent: string,
  ): string {
    const request = entry.method === undefined ? NO_TEXT : `${method} ${target} HTTP/${entry.protocol}`
    const { status = NO_STATUS, responseBytes = 0 } = entry
    return `${client} - - [${timeOf(entry.time)}] "${request}" ${status} ${responseBytes} "${referer}" "${agent}"\n`
  }

  return {
    started: () => '',
    running: () => '',
    completed: (entry) => {
      const client = unspaced(clientOf(entry), '_')
      const method = unspaced(quotable(entry.method), '%20')
      const target = targetOf(entry)
      const referer = refererOf(entry)
      const agent = agentOf(entry)
      const line = lineOf(entry, client, method, target, referer, agent)
      if (fits(line, maxLineBytes)) return line
      const excess = Buffer.byteLength(line) - maxLineBytes
      return lineOf(entry, ...cutTexts([client, method, target, referer, agent], excess))
    },
    logLine,
    logsToStderr: true,
  }
}

/** Cuts the longest texts to one length, so that all together lose at least the excess, in bytes. */
function cutTexts(texts: Texts, excess: number): Texts {
  const sizes = texts.map((text) => Buffer.byteLength(text))
  const most = commonLength(sizes, sizes.reduce((sum, size) => sum + size) - excess)
  const [client, method, target, referer, agent] = texts
  const cut = (text: string): string => cutQuoted(text, most)
  return [cut(client), cut(method), cut(target), cut(referer), cut(agent)]
}

/** Escapes a text as nginx does: by character code, also quotes, because many readers end a text at any quote. */
function quotable(value: unknown): string {
  const text = typeof value === 'string' ? value : String(value ?? '')
  if (text === '') return NO_TEXT
  if (PLAIN.test(text)) return text
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}

/** Replaces spaces in a text that readers split at spaces. */
function unspaced(text: string, space: string): string {
  return text.includes(' ') ? text.replaceAll(' ', space) : text
}

/** Cuts a quoted text at a character boundary. */
function cutQuoted(quoted: string, maxBytes: number): string {
  let bytes = 0
  let end = 0
  for (const [piece] of quoted.matchAll(/\\x..|\\u....|\\.|./gsu)) {
    bytes += Buffer.byteLength(piece)
    if (bytes > maxBytes) break
    end += piece.length
  }
  return quoted.slice(0, end)
}

/** Returns a formatter of times that formats each second once. */
function createTime(): (time: number) => string {
  let latest = Number.NaN
  let text = ''
  return (time) => {
    const second = Math.floor(time / 1000)
    if (second !== latest) {
      latest = second
      text = showTime(new Date(second * 1000))
    }
    return text
  }
}

function showTime(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
