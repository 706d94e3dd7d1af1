import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { safely } from '../safely.js'

/** Takes back what was done. */
export type Undo = () => void

/** Listens to a channel of `node:diagnostics_channel`. */
export function listen<Message>(channel: string, listener: (message: Message) => void): Undo {
  // What a subscriber throws ends the process.
  const listen = (message: unknown): void => {
    safely(() => listener(message as Message))
  }
  subscribe(channel, listen)
  return () => void unsubscribe(channel, listen)
}

/** Puts a function in the place of another one; if somebody else has done so since, it passes everything on when undone. */
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
  // Such as how to promisify it.
  const value = Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original)) as Wrapped
  if (Object.hasOwn(holder, name)) holder[name] = value
  else Object.defineProperty(holder, name, { value, configurable: true, writable: true })
  return () => {
    current = original
    if (holder[name] === wrapped) holder[name] = original
  }
}
