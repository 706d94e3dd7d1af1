import fs from 'node:fs'

const START = `${JSON.stringify({ level: 'info', event: 'request.started' }).padEnd(201)}\n`
const COMPLETION = `${JSON.stringify({ level: 'info', event: 'request.completed' }).padEnd(304)}\n`

let lines = ''
let isWriting = false

/** The minimum of a request log: its hooks, two lines as long as waybill's, and one write per turn of the event loop. */
export function addFloor(app) {
  app.addHook('onRequest', (_request, reply, done) => {
    write(START)
    reply.raw.on('close', () => write(COMPLETION))
    done()
  })
  return app
}

function write(line) {
  if (lines === '' && !isWriting) setImmediate(flush)
  lines += line
}

function flush() {
  if (lines === '') return
  isWriting = true
  const chunk = lines
  lines = ''
  fs.write(1, chunk, () => {
    isWriting = false
    flush()
  })
}
