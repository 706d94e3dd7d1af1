// Replays one ending against one tool: the service is a process of its own, whose stdout and stderr are read to the end.
import { spawn } from 'node:child_process'
import { on } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

const service = fileURLToPath(new URL('service.mjs', import.meta.url))
/** How long one ending may take on a busy machine. */
const PATIENCE_MS = 20_000
const env = { PATH: process.env.PATH, NODE_ENV: 'production', NO_COLOR: '1' }

/**
 * A running service.
 * @typedef {object} Service
 * @property {number} port
 * @property {() => Promise<unknown>} news Resolves with the next message of its handlers.
 * @property {import('node:child_process').ChildProcess} child
 */

/**
 * Returns the lines that a tool writes about an ending. Both outputs count, because some tools write failures to stderr.
 * @param {import('./sides.mjs').Side} side
 * @param {string} tool Its name.
 * @param {import('./endings.mjs').Ending} ending
 * @returns {Promise<string[]>}
 */
export async function replay(side, tool, ending) {
  const child = spawn(process.execPath, [service, side.name, tool, ending.name], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const output = Promise.all([text(child.stdout), text(child.stderr)])
  const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  try {
    await play(child, ending)
    const lines = (await output).join('\n').split('\n')
    return lines.filter((line) => line !== '')
  } catch (cause) {
    child.kill('SIGKILL')
    throw new Error(`${side.title}: ${tool}: ${ending.name} was not replayed\n${(await output).join('')}`, {
      cause,
    })
  } finally {
    clearTimeout(impatience)
  }
}

/** Plays the client of an ending, then asks the service to close. */
async function play(child, ending) {
  const messages = on(child, 'message', { close: ['exit'] })
  const news = async () => (await messages.next()).value[0]
  const port = await news()
  const seen = await ending.visit({ port, news, child })
  const truth = Array(ending.requests ?? 1).fill(ending.truth)
  if (!isDeepStrictEqual(seen, truth)) throw new Error(`the client saw ${JSON.stringify(seen)}`)
  // A process that has exited by itself gets no message.
  if (child.connected) child.send('close', () => {})
}
