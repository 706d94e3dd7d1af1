import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Line } from '../support/capture.js'

/** The time after which an answer, or the end of a process, counts as missing, on the busiest machine. */
const PATIENCE_MS = 15_000

/** What a client got and what became of the service. */
interface Run {
  answers: string[]
  /** The exit code of a process that ended by itself before it was told to. */
  crashed: number | null
  closes: boolean
  stderr: string
  lines: Line[]
}

/** A raw HTTP/1.1 request on a connection of its own. */
export function request(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | Buffer = '',
): Buffer {
  const fields = { Host: 'waybill.test', Connection: 'close', ...headers }
  const length = body.length > 0 ? { 'Content-Length': String(body.length) } : {}
  const lines = Object.entries({ ...fields, ...length }).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`),
    Buffer.from(body),
  ])
}

/** A multipart form with one file. */
export function upload(path: string, content: string): Buffer {
  const body = `--xx\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--xx--\r\n`
  return request('POST', path, { 'Content-Type': 'multipart/form-data; boundary=xx' }, body)
}

const HANDSHAKE = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Opens a WebSocket, sends the text "hi", masked with zeros, and closes it. */
export function webSocket(path: string): Buffer {
  const hi = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
  const close = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
  return Buffer.concat([request('GET', path, HANDSHAKE), hi, close])
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  const keptAlive = /\r\nconnection: keep-alive\r\n/i.test(text)
  const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1]
  return keptAlive && end >= 0 && length !== undefined && text.length - end - 4 >= Number(length)
}

function send(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    const finish = (end: string): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(comparable(Buffer.concat(chunks), end))
    }
    const timer = setTimeout(finish, PATIENCE_MS, 'timed out')
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      // A proxied answer may keep its connection alive.
      if (isWhole(Buffer.concat(chunks).toString('latin1'))) finish('whole')
    })
    socket.on('end', () => finish('ended'))
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
  })
}

/** Joins the chunks of a chunked body: where they are cut depends on time. */
function joinChunks(body: string): string {
  let joined = ''
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.slice(at, line), 16)
    if (line < 0 || !(size > 0)) return joined + (size === 0 ? '' : ' (broken chunk)')
    joined += body.slice(line + 2, line + 2 + size)
    at = line + size + 4
  }
  return `${joined} (no last chunk)`
}

/** An answer without what differs between two runs of one service. */
function comparable(bytes: Buffer, end: string): string {
  const text = bytes.toString('latin1')
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  const fields = head
    .split('\r\n')
    .filter((line) => !/^(x-request-id|date|last-modified):/i.test(line))
    .map((line) => line.replace(/(connect\.sid=)[^;]+/, '$1…').replace(/127\.0\.0\.1:\d+/, '127.0.0.1'))
  const chunked = /^transfer-encoding: chunked$/im.test(head)
  return `${fields.join('\n')}\n\n${chunked ? joinChunks(body) : body}\n(${end})`
}

async function exits(child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return true
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  const [, signal] = await once(child, 'exit')
  clearTimeout(timer)
  return signal !== 'SIGKILL'
}

async function run(script: string, setUp: string, logged: boolean, requests: Buffer[]): Promise<Run> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child = fork(path, [setUp, logged ? 'with' : 'without'], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, NODE_ENV: 'test' },
  })
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const started = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => undefined)])
  if (started === undefined) throw new Error(`${setUp} did not start: ${stderr}`)
  const answers: string[] = []
  for (const bytes of requests) answers.push(await send(started[0] as number, bytes))
  await new Promise((resolve) => setTimeout(resolve, 50))
  const crashed = child.exitCode
  if (child.connected) child.send('close')
  const closes = await exits(child)
  const written = stdout.split('\n').filter((line) => line.startsWith('{'))
  const lines = written.map((line): Line => JSON.parse(line))
  return { answers, crashed, closes, stderr, lines }
}

/** The status that a client got, if it got one. */
const statusOf = (answer: string): number | undefined => Number(answer.split(' ')[1]) || undefined

/**
 * Expects that a service answers the same with waybill as without, and that each answer has one completion.
 * @param expectOf expects more of the lines that it writes with waybill
 */
export async function expectTransparent(
  script: string,
  setUp: string,
  requests: Buffer[],
  statuses: number[],
  expectOf: (lines: Line[]) => void = () => {},
): Promise<void> {
  const [bare, logged] = await Promise.all([
    run(script, setUp, false, requests),
    run(script, setUp, true, requests),
  ])
  // Shows that the set-up does what it is to do, before waybill is judged by it.
  expect(bare.answers.map(statusOf), bare.stderr).toEqual(statuses)
  expect(bare.answers.filter((answer) => answer.endsWith('(timed out)'))).toEqual([])
  expect(logged.answers, logged.stderr).toEqual(bare.answers)
  expect([logged.crashed, logged.closes], logged.stderr).toEqual([bare.crashed, bare.closes])
  const completions = logged.lines.filter(({ event }) => event === 'request.completed')
  expect(completions.map(({ status }) => status).sort()).toEqual([...statuses].sort())
  expectOf(logged.lines)
}
