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

/**
 * Listens before all others for as long as somebody else listens too: for events that Node.js takes care of by itself
 * while nobody does.
 */
export function listenBeside(emitter: EventEmitter, event: string, listener: Listener): void {
  const own = listener as () => void
  const hasOthers = (): boolean => emitter.listeners(event).some((each) => !ours.has(each))
  const update = (): void => {
    emitter.removeListener(event, own)
    if (hasOthers()) emitter.prependListener(event, own)
  }
  ours.add(listener)
  update()
  // Told before a listener is there; the update comes before anything else happens.
  emitter.on('newListener', (added: unknown, each: object) => {
    if (added === event && !ours.has(each)) queueMicrotask(update)
  })
  emitter.on('removeListener', (removed: unknown, each: object) => {
    if (removed === event && !ours.has(each)) update()
  })
}
