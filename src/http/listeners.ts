import type { EventEmitter } from 'node:events'

type Listener = (...args: never[]) => void

/** The listeners of waybill's own, of whichever app. */
const ours = new WeakSet<object>()

/** Listens before all others, as one that {@link isLeftTo} knows. */
export function listenFirst(emitter: EventEmitter, event: string, listener: Listener): void {
  ours.add(listener)
  emitter.prependListener(event, listener as () => void)
}

/** Whether nobody but waybill listens for what Node.js does by itself then, and this listener is to do it. */
export function isLeftTo(emitter: EventEmitter, event: string, listener: Listener): boolean {
  const listeners = emitter.listeners(event)
  return listeners[0] === listener && listeners.every((each) => ours.has(each))
}
