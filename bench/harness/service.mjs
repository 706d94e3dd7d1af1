import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { answerOf, ask } from './child.mjs'
import { onCores } from './cores.mjs'
import { withPipe } from './pipe.mjs'

/**
 * Starts a service with its stdout in a pipe that another process reads.
 * @param {string} service.program its file in servers/
 * @param {string[]} service.args its arguments
 * @param {string[]} [service.flags] the flags of Node.js
 * @param {'service' | 'load'} [service.kind] whether it is measured
 */
export async function startService({ node = process.execPath, flags = [], program, args, kind = 'service' }) {
  const file = fileURLToPath(new URL(`../servers/${program}`, import.meta.url))
  const { reader, service } = withPipe(({ read, write }) => ({
    reader: spawn(...onCores('load', 'wc', ['--bytes']), { stdio: [read, 'pipe', 'inherit'] }),
    service: spawn(...onCores(kind, node, [...flags, file, ...args.map(String)]), {
      stdio: ['ignore', write, 'inherit', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    }),
  }))
  const bytes = text(reader.stdout)
  const { port } = await answerOf(service)
  return {
    port,
    ask: (task) => ask(service, task),
    /** Stops it; returns the number of bytes that it has written. */
    async end() {
      service.disconnect()
      return Number(await bytes)
    },
  }
}
