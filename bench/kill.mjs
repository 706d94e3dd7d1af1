// What a SIGKILL under full load costs the log: answered requests whose completion is missing from the output, and torn
// lines. The service writes to a real pipe.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import { connect } from 'node:net'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { withPipe } from './harness/pipe.mjs'

const VARIANTS = ['waybill', 'built-in logging', 'built-in logging, asynchronous']
const ROUNDS = Number(process.env.ROUNDS ?? 10)
const SECONDS = Number(process.env.SECONDS ?? 2)
const CONNECTIONS = 50

const server = fileURLToPath(new URL('servers/kill.mjs', import.meta.url))
const folder = fs.mkdtempSync(join(tmpdir(), 'kill-'))
const file = join(folder, 'out.log')

async function measure(variant) {
  const { reader, service } = withPipe(({ read, write }) => ({
    reader: spawn('cat', { stdio: [read, fs.openSync(file, 'w'), 'inherit'] }),
    service: spawn(process.execPath, [server, variant], { stdio: ['ignore', write, 'inherit', 'ipc'] }),
  }))
  const [{ port }] = await once(service, 'message')
  const answered = []
  const clients = Array.from({ length: CONNECTIONS }, (_, client) => ask(port, client, answered))
  // At a random point of the event loop's turn.
  await wait(SECONDS * 1000 + Math.random() * 100)
  service.kill('SIGKILL')
  await Promise.all([...clients, once(reader, 'exit')])
  const { completed, torn } = readLog()
  return { answered: answered.length, missing: answered.filter((id) => !completed.has(id)).length, torn }
}

/** Sends one request after another over one connection until it is lost; collects the ids of answered ones. */
async function ask(port, client, answered) {
  const socket = connect(port, '127.0.0.1')
  let count = 0
  let received = ''
  const send = () => {
    received = ''
    socket.write(`GET /users/42 HTTP/1.1\r\nHost: bench\r\nX-Request-Id: c${client}-${count}\r\n\r\n`)
  }
  socket.setEncoding('latin1')
  socket.on('connect', send)
  socket.on('data', (part) => {
    received += part
    const head = received.indexOf('\r\n\r\n')
    const [, length] = /content-length: (\d+)/i.exec(received) ?? []
    if (head < 0 || received.length < head + 4 + Number(length)) return
    answered.push(`c${client}-${count++}`)
    send()
  })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.on('close', resolve))
}

/** Returns the ids whose completion was logged, and the number of torn lines. */
function readLog() {
  const completed = new Set()
  let torn = 0
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) {
    try {
      const { event, request_id: id, msg, reqId = id } = JSON.parse(line)
      if (event === 'request.completed' || msg === 'request completed') completed.add(reqId)
    } catch {
      torn++
    }
  }
  return { completed, torn }
}

const rounds = []
for (let round = 0; round < ROUNDS; round++) {
  const figures = {}
  for (const variant of VARIANTS) figures[variant] = await measure(variant)
  rounds.push(figures)
}
fs.rmSync(folder, { recursive: true })

console.log(
  `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${CONNECTIONS} connections, killed ${ROUNDS} times after ${SECONDS} s\n`,
)
console.log('| | answered, each time | of these not in the log: least, median, most | torn lines, in all |')
console.log('| --- | --- | --- | --- |')
for (const variant of VARIANTS) {
  const sorted = (figure) => rounds.map((round) => round[variant][figure]).sort((a, b) => a - b)
  const median = (values) => values[Math.floor(values.length / 2)]
  const missing = sorted('missing')
  const torn = sorted('torn').reduce((sum, lines) => sum + lines, 0)
  const spread = `${missing[0]}, ${median(missing)}, ${missing.at(-1)}`
  console.log(`| ${variant} | ${median(sorted('answered'))} | ${spread} | ${torn} |`)
}
