import type { Entry } from '../entry.js'
import type { Sources } from './encoder.js'
import type { Format } from './format.js'
import { fits } from './limit.js'
import type { Value } from './sources.js'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** What readers of access logs have instead of a request that was not answered: nginx's number. */
const NO_STATUS = 499

/** How long a text may be in a line that is too long with all of them. */
const MAX_TEXT = 1000

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

  function lineOf(entry: Entry, maxText: number): string {
    const text = (value: Value): string =>
      value === undefined ? '-' : quotable(String(value).slice(0, maxText))
    const asked = query?.(entry, 'info')
    const target = text(asked === undefined ? entry.path : `${entry.path}?${asked}`)
    const request =
      entry.method === undefined ? '-' : `${text(entry.method)} ${target} HTTP/${entry.protocol}`
    const { status = NO_STATUS, responseBytes = 0 } = entry
    const client = text(ip?.(entry, 'info')).replaceAll(' ', '_')
    return `${client} - - [${timeOf(entry.time)}] "${request}" ${status} ${responseBytes} "${text(referer?.(entry, 'info'))}" "${text(agent?.(entry, 'info'))}"\n`
  }

  return {
    addsService: false,
    started: () => '',
    completed: (entry) => {
      const line = lineOf(entry, Number.POSITIVE_INFINITY)
      return fits(line, maxLineBytes) ? line : lineOf(entry, MAX_TEXT)
    },
    logLine,
    logsToStderr: true,
  }
}

/** As Apache does: a quote and a backslash behind a backslash, what is no character of a line by its number. */
function quotable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
  })
}

function timeOf(time: number): string {
  const date = new Date(time)
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${two(date.getUTCDate())}/${MONTHS[date.getUTCMonth()]}/${date.getUTCFullYear()}`
  return `${day}:${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`
}
