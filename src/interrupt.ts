import { isMainThread } from 'node:worker_threads'
import { nextTick } from './clock.js'
import { safely } from './safely.js'

const SIGNAL = 'SIGINT'

/**
 * Calls a function before Ctrl-C ends the process, unless other code listens to SIGINT: while it does, waybill does not. The
 * process still ends by that signal. Windows processes do not end by signals, so nothing is called there.
 */
export function onInterrupt(task: () => void): void {
  if (!isMainThread || process.platform === 'win32') return

  function interrupted(_name: string, code?: number): void {
    // Node.js passes a number; a test that emits it may not.
    if (code === undefined || process.listenerCount(SIGNAL) > 1) return
    process.off('newListener', changed).off('removeListener', changed).off(SIGNAL, interrupted)
    safely(task)
    process.kill(process.pid, SIGNAL)
  }

  function changed(name: string | symbol): void {
    // Node.js stops listening when the last listener is removed; this one is added or removed afterwards.
    if (name === SIGNAL) nextTick(() => safely(update))
  }

  function update(): void {
    const listeners: unknown[] = process.listeners(SIGNAL)
    const isListening = listeners.includes(interrupted)
    if (listeners.length === 0) process.on(SIGNAL, interrupted)
    else if (isListening && listeners.length > 1) process.off(SIGNAL, interrupted)
  }

  process.on('newListener', changed).on('removeListener', changed)
  update()
}
