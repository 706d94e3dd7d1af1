import type { Entry } from '../entry.js'
import type { Format } from './format.js'
import { commonLength, fits } from './limit.js'
import type { Sources } from './parts.js'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** What readers of access logs have instead of a request that was not answered: nginx's number. */
const NO_STATUS = 499

/** What may not stand in a quoted text, nor anywhere in a line. */
const UNSAFE = /["\\\x00-\x1f\x7f-\x9f\u2028\u2029\uffff]|\p{Surrogate}/gu

/**
 * The Combined Log Format of Apache and nginx, one line a completion, in UTC. Who asked, what referred and with which
 * program stand there if `include` names them. It has no place for the app's own log lines: they go to stderr.
 */
export function combinedFormat(
  { included }: Sources,
  logLine: Format['logLine'],
  maxLineBytes: number,
): Format {
  const read = (name: string) => included[name]?.completed ?? (() => undefined)
  const [ip, query, referer, agent] = ['client_ip', 'query', 'referer', 'user_agent'].map(read)

  /** The texts of a line: who asked, how, for what, coming from where, with which program. */
  function textsOf(entry: Entry): string[] {
    const asked = query?.(entry, 'info')
    const target = asked === undefined ? entry.path : `${entry.path}?${asked}`
    const [client = '', method = '', path = '', from = '', program = ''] = [
      ip?.(entry, 'info'),
      entry.method,
      target,
      referer?.(entry, 'info'),
      agent?.(entry, 'info'),
    ].map((text) => quotable(String(text ?? '') || '-'))
    return [client.replaceAll(' ', '_'), ...[method, path].map(unspaced), from, program]
  }

  function lineOf(entry: Entry, [client, method, path, from, program]: readonly string[]): string {
    const request = entry.method === undefined ? '-' : `${method} ${path} HTTP/${entry.protocol}`
    const { status = NO_STATUS, responseBytes = 0 } = entry
    return `${client} - - [${timeOf(entry.time)}] "${request}" ${status} ${responseBytes} "${from}" "${program}"\n`
  }

  return {
    addsService: false,
    started: () => '',
    completed: (entry) => {
      const texts = textsOf(entry)
      const line = lineOf(entry, texts)
      if (fits(line, maxLineBytes)) return line
      const sizes = texts.map((text) => Buffer.byteLength(text))
      const others = Buffer.byteLength(line) - sizes.reduce((sum, size) => sum + size, 0)
      const most = commonLength(sizes, maxLineBytes - others)
      return lineOf(
        entry,
        texts.map((text) => cutQuoted(text, most)),
      )
    },
    logLine,
    logsToStderr: true,
  }
}

/** As nginx does: quotes, at which many readers end a text whatever stands before them, and all else by its number. */
function quotable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}

/** A part of a request line, which readers take apart at its spaces. */
function unspaced(text: string): string {
  return text.replaceAll(' ', '%20')
}

/** The beginning of a quoted text, up to the end of a character. */
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

function timeOf(time: number): string {
  const date = new Date(time)
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
