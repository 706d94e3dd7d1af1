import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Options } from '../../src/options.js'
import type { Line } from '../support/capture.js'
import { root } from '../support/program.js'
import type { Crowd, Sent } from './plan.js'

type Message = { ports: [number, number] } | { sign: string; id: string }

/** A service in a process of its own, and what it logs. */
export interface Service extends Crowd {
  /** Has it close once all connections are gone, and waits for the end of its process and of its stdout. */
  close(): Promise<{ code: number | null; lines: Line[] }>
  /** Ends its process at once, unless it has ended. */
  kill(): void
}

/** Starts a service on free ports. */
export async function startService(file: string, options: Options = {}): Promise<Service> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), {
    cwd: root,
    env: { ...process.env, WAYBILL_OPTIONS: JSON.stringify(options) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  if (child.stdout === null) throw new Error('no pipe')
  const lines: Line[] = []
  createInterface(child.stdout).on('line', (line) => lines.push(JSON.parse(line)))
  const signs = new Map<string, PromiseWithResolvers>()
  const signOf = (name: string, id: string): PromiseWithResolvers => {
    const key = `${name} ${id}`
    const sign = signs.get(key) ?? withResolvers()
    signs.set(key, sign)
    return sign
  }
  const ports = new Promise<[number, number]>((resolve) => {
    child.on('message', (message: Message) => {
      if ('ports' in message) resolve(message.ports)
      else signOf(message.sign, message.id).resolve()
    })
  })
  const [http1, http2] = await ports
  return {
    http1,
    http2,
    sign: (name: string, { id }: Sent) => signOf(name, id).promise,
    close: async () => {
      child.send('close')
      const [code] = (await once(child, 'close')) as [number | null]
      return { code, lines }
    },
    kill: () => child.kill('SIGKILL'),
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>
  readonly resolve: () => void
}

/** Promise.withResolvers(), which Node.js 20 lacks. */
function withResolvers(): PromiseWithResolvers {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
