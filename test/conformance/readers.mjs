// The readers of lines of tools that support both frameworks.

/**
 * What a line says about a request.
 * @typedef {object} Reading
 * @property {unknown} [id] What correlates the lines of one request.
 * @property {string} [path]
 * @property {Completion} [completion] Present if the line says that the request has ended.
 *
 * @typedef {object} Completion
 * @property {number} [status] The status, if the line has one.
 * @property {boolean} [aborted] Whether it says that the answer was not completed.
 * @property {boolean} [failed] Whether it says that the request failed.
 *
 * @typedef {(line: string) => Reading | undefined} Reader
 */

const CUT_SHORT = ['aborted', 'destroyed', 'unfinished']

/** Reads lines that are JSON objects, and skips others. */
export function jsonLines(readFields) {
  return (line) => (/^\{.*\}$/.test(line) ? readFields(JSON.parse(line)) : undefined)
}

/** @type {Reader} */
export const readWaybill = jsonLines(({ event, request_id: id, path, status, outcome, error }) => {
  const completion = { status, aborted: CUT_SHORT.includes(outcome), failed: error !== undefined }
  return { id, path, completion: event === 'request.completed' ? completion : undefined }
})

/** @type {Reader} */
export const readPinoHttp = jsonLines(({ req, res, err, msg }) => {
  const over = /^request (completed|aborted|errored)$/.test(msg)
  const completion = {
    status: res?.statusCode ?? undefined,
    aborted: msg === 'request aborted',
    failed: err !== undefined,
  }
  return { id: req?.id, path: req?.url, completion: over ? completion : undefined }
})

/** @type {Reader} */
export function readMorgan(line) {
  const match = / "\S+ (?<path>\S+) HTTP\/[\d.]+" (?<status>\d{3}|-) /.exec(line)
  if (match === null) return undefined
  const { path, status } = match.groups
  return { path, completion: { status: status === '-' ? undefined : Number(status) } }
}
