import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { safely } from '../safely.js'

/** Undoes a change. */
export type Undo = () => void

/** Listens to a channel of `node:diagnostics_channel`. */
export function listen<Message>(channel: string, listener: (message: Message) => void): Undo {
  // An error of a subscriber ends the process.
  const listen = (message: unknown): void => {
    safely(() => listener(message as Message))
  }
  subscribe(channel, listen)
  return () => void unsubscribe(channel, listen)
}

/** Wraps a method. When undone, it restores the original or, if others have wrapped it since, calls that directly. */
export function wrap<Name extends string, Wrapped extends (...args: never[]) => unknown>(
  holder: Record<Name, Wrapped>,
  name: Name,
  make: (original: Wrapped) => Wrapped,
): Undo {
  const { [name]: original } = holder
  let current = make(original)
  const wrapped = function (this: unknown, ...args: Parameters<Wrapped>): unknown {
    return current.apply(this, args)
  } as Wrapped
  // Such as `util.promisify.custom`.
  const value = Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original)) as Wrapped
  if (Object.hasOwn(holder, name)) holder[name] = value
  else Object.defineProperty(holder, name, { value, configurable: true, writable: true })
  return () => {
    current = original
    if (holder[name] === wrapped) holder[name] = original
  }
}
