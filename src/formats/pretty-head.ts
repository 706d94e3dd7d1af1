/** The colours that a head is painted with; pino-pretty hands them over, without effect when there are none. */
export type Paint = Readonly<
  Record<'gray' | 'green' | 'cyan' | 'yellow' | 'red' | 'magenta' | 'bold', (text: string) => string>
>

type Row = Record<string, unknown>

// Enough for 999.9ms, 59.99s and the last eight characters of an id: of a UUID version 7 the first eight are time.
const TAG_WIDTH = 5
const DURATION_WIDTH = 8
const ID_WIDTH = 8
const METHOD_WIDTH = 7

/** The head of an event: time, status, duration, id, method and path, and the outcome unless all went well. */
export function eventHead(row: Row, paint: Paint): string {
  const { event, method, status, duration_ms: durationMs, slow, outcome } = row
  const request =
    method === undefined ? 'unparsed request' : `${String(method).padEnd(METHOD_WIDTH)} ${row.path}`
  if (event === 'request.started')
    return columns(row, paint, paint.gray('-->'.padEnd(TAG_WIDTH)), '', request)
  const tag = paintStatus(Number(status ?? 0), paint)(String(status ?? '---').padEnd(TAG_WIDTH))
  const duration =
    typeof durationMs === 'number'
      ? paintDuration(durationMs, paint)(showDuration(durationMs).padStart(DURATION_WIDTH))
      : ''
  const remarks = [outcome === 'completed' ? '' : String(outcome), slow === true ? 'slow' : '']
  const remark = remarks.filter((each) => each !== '').join(' ')
  return columns(row, paint, tag, duration, remark === '' ? request : `${request} ${paint.yellow(remark)}`)
}

/** The head of one of the app's own log lines: time, level, id if it has one, message. */
export function logLineHead(row: Row, paint: Paint): string {
  const level = String(row.level)
  const tag = paintLevel(level, paint)(level.toUpperCase().padEnd(TAG_WIDTH))
  const { message = '' } = row
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  return columns(row, paint, tag, '', text.replaceAll('\n', '\n    '))
}

function columns(row: Row, paint: Paint, tag: string, duration: string, text: string): string {
  const time = paint.gray(localTime(new Date(row.timestamp as string | number)))
  const id = paint.gray(lastCharacters(String(row.request_id ?? ''), ID_WIDTH).padEnd(ID_WIDTH))
  return `${time} ${tag} ${duration || ' '.repeat(DURATION_WIDTH)} ${id} ${text}`
}

/** The end of a text, which an app's own ids may have characters of two UTF-16 units in. */
function lastCharacters(text: string, count: number): string {
  return text.slice(-count).replace(/^\p{Surrogate}/u, '')
}

function localTime(date: Date): string {
  if (Number.isNaN(date.getTime())) return 'no time     '
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  )
  return `${parts.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** A duration as a person compares it: `0.4ms`, `12.3ms`, `1.25s`, `83.20s`. */
function showDuration(durationMs: number): string {
  return durationMs < 1000 ? `${durationMs.toFixed(1)}ms` : `${(durationMs / 1000).toFixed(2)}s`
}

function paintStatus(status: number, paint: Paint): (text: string) => string {
  if (status >= 500) return paint.red
  if (status >= 400) return paint.yellow
  return status >= 300 ? paint.cyan : paint.green
}

function paintDuration(durationMs: number, paint: Paint): (text: string) => string {
  if (durationMs >= 1000) return paint.red
  return durationMs >= 100 ? paint.yellow : paint.gray
}

const LEVEL_PAINT: Readonly<Record<string, keyof Paint>> = {
  trace: 'gray',
  debug: 'cyan',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
}

function paintLevel(level: string, paint: Paint): (text: string) => string {
  return paint[LEVEL_PAINT[level] ?? 'gray']
}
