import { followHttp1 } from './http1.js'
import { followHttp2 } from './http2.js'
import { followUndici } from './undici.js'
import type { Undo } from './undo.js'

/** How many apps have calls followed: what does so is there once, for the whole process. */
let apps = 0
let undo: Undo[] = []
let undoFetches: Undo | undefined

/**
 * Follows the calls of this process, as far as they are made for requests.
 * @returns ends it, once no other app has them followed
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
 * Follows those by `fetch` and undici too. Called when a request comes: tracers, which add headers whether or not
 * they are there, are then listening already, and before.
 */
export function followFetches(): void {
  // A request may outlive its app.
  if (apps > 0) undoFetches ??= followUndici()
}
