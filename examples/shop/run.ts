// Runs three services as processes: the gateway (Fastify) calls orders (Express), which calls stock (node:http). Shows what
// all of them log about each request, until it is stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ask } from '../visit.js'
import { type Line, Merge } from './merge.js'

const merge = new Merge((id, lines) => {
  console.log([`\n# ${id}`, ...lines.map(show), ''].join('\n'))
})

/** The fields that are shown after the columns; the message has the others. */
const SHOWN = /^(?:error|calls|sku|quantity|left)$/

function show(line: Line): string {
  const { timestamp, service = '', level, request_id: id, message, ...fields } = line
  const columns = [timestamp.slice(11, 23), service.padEnd(7), level.padEnd(5), id, message]
  for (const [key, value] of Object.entries(fields))
    if (SHOWN.test(key)) columns.push(`${key}=${showValue(value)}`)
  return columns.join(' ')
}

function showValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  const { type, message, count, total_ms: ms, failed } = value as Record<string, unknown>
  return type === undefined ? `${count} in ${ms}ms, ${failed} failed` : `${type}: ${message}`
}

const services: ChildProcess[] = []
let isEnding = false

/** Starts a service, and returns its address. */
async function start(service: string, env: NodeJS.ProcessEnv): Promise<string> {
  const program = fileURLToPath(new URL(`${service}.js`, import.meta.url))
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, PORT: '0', LOG_FORMAT: 'json', OTEL_SERVICE_NAME: service, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  services.push(child)
  child.once('exit', (code, signal) => {
    if (isEnding) return
    console.error(`${service} has ended by ${signal ?? code}`)
    end(code === 0 ? 0 : 1)
  })
  return new Promise((resolve) => {
    createInterface(child.stdout).on('line', (text) => {
      const line = JSON.parse(text) as Line
      const address = /Server listening at (http:\S+)/.exec(line.message)?.[1]
      if (address !== undefined) resolve(address)
      merge.add(line)
    })
  })
}

function end(code: number): void {
  if (isEnding) return
  isEnding = true
  process.exitCode = code
  // In a terminal, Ctrl-C has signalled them already.
  for (const service of services) service.kill('SIGTERM')
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(0))

const stock = await start('stock', {})
const orders = await start('orders', { STOCK_URL: stock })
const gateway = await start('gateway', { ORDERS_URL: orders, PORT: process.env.PORT ?? '0' })
console.log(`The gateway listens at ${gateway}. Try from another terminal:`)
console.log(`  curl -i ${gateway}/checkout -H 'X-Request-Id: my-own-id' --json '{"sku":"tea","quantity":1}'`)

async function checkout(id: string, sku: string, options: { signal?: AbortSignal } = {}): Promise<void> {
  const headers = { 'X-Request-Id': id }
  await ask(`${gateway}/checkout`, { method: 'POST', headers, body: { sku, quantity: 1 }, ...options })
}

await checkout('all-goes-well', 'tea')
await checkout('fails-deep-down', 'vase')
await checkout('client-leaves', 'piano', { signal: AbortSignal.timeout(300) }).catch(() => {})
await Promise.all(services.map((service) => once(service, 'exit')))
