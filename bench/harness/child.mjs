import { once } from 'node:events'

/** Waits for the next message of a child process; fails if it exits instead. */
export async function answerOf(child) {
  const ended = new AbortController()
  const [answer] = await Promise.race([
    once(child, 'message', { signal: ended.signal }),
    once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
      throw new Error(`${child.spawnargs.join(' ')} ended by ${signal ?? code}`)
    }),
  ]).finally(() => ended.abort())
  return answer
}

/** Sends a request to a child process and waits for its answer. */
export function ask(child, task) {
  child.send(task)
  return answerOf(child)
}
