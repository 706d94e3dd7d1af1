// How the lines of the tools that log for both frameworks are read.

/**
 * What a line says of a request.
 * @typedef {object} Reading
 * @property {unknown} [id] What ties the lines of one request together.
 * @property {string} [path]
 * @property {Completion} [completion] Only when the line says that the request is over.
 *
 * @typedef {object} Completion
 * @property {number} [status] The status, if it states one.
 * @property {boolean} [aborted] Whether it says that the answer did not reach its end.
 * @property {boolean} [failed] Whether it says that the request failed.
 *
 * @typedef {(line: string) => Reading | undefined} Reader
 */

const CUT_SHORT = ['aborted', 'destroyed', 'unfinished']

/** Reads lines that are JSON objects, and leaves out others. */
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
