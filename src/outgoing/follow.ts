import { followHttp1 } from './http1.js'
import { followHttp2 } from './http2.js'
import { followUndici } from './undici.js'
import type { Undo } from './undo.js'

/** How many apps track calls; the hooks are installed once, for the whole process. */
let apps = 0
let undo: Undo[] = []
let undoFetches: Undo | undefined

/**
 * Tracks the calls of this process that are made for requests.
 * @returns a function that stops it, once no other app needs it
 */
export function followCalls(): Undo {
  if (apps++ === 0) undo = [followHttp1(), followHttp2()]
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    if (--apps > 0) return
    for (const each of undo) each()
    undoFetches?.()
    undoFetches = undefined
  }
}

/**
 * Tracks calls by `fetch` and undici, too. It is called when a request arrives, so that it listens after tracers, which add
 * headers even if they are set already.
 */
export function followFetches(): void {
  // A request may outlive its app.
  if (apps > 0) undoFetches ??= followUndici()
}
