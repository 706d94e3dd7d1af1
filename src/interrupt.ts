import { isMainThread } from 'node:worker_threads'
import { nextTick } from './clock.js'
import { safely } from './safely.js'

const SIGNAL = 'SIGINT'

/**
 * Calls a function before Ctrl-C ends the process, which it does where nobody listens to SIGINT. The process then ends by
 * that signal, as it would without; as long as anyone else listens, waybill does not. Windows has no signal to end by.
 */
export function onInterrupt(task: () => void): void {
  if (!isMainThread || process.platform === 'win32') return

  function interrupted(_name: string, code?: number): void {
    // Only Node.js gives a number; a test may emit the event.
    if (code === undefined || process.listenerCount(SIGNAL) > 1) return
    process.off('newListener', changed).off('removeListener', changed).off(SIGNAL, interrupted)
    safely(task)
    process.kill(process.pid, SIGNAL)
  }

  function changed(name: string | symbol): void {
    // Node.js stops listening to a signal when its last listener goes; this one comes or goes behind the other.
    if (name === SIGNAL) nextTick(() => safely(update))
  }

  function update(): void {
    const listeners: unknown[] = process.listeners(SIGNAL)
    const isThere = listeners.includes(interrupted)
    if (listeners.length === 0) process.on(SIGNAL, interrupted)
    else if (isThere && listeners.length > 1) process.off(SIGNAL, interrupted)
  }

  process.on('newListener', changed).on('removeListener', changed)
  update()
}
