import dns from 'node:dns'
import { afterEach, vi } from 'vitest'

type Callback = (error: null, addresses: unknown, family?: number) => void

/** Gives `localhost` two addresses, as machines with both versions of IP have it; also where there is only one. */
export function twoLocalhosts(): void {
  function lookup(host: string, options: { all?: boolean } | Callback, callback?: Callback): void {
    const done = (typeof options === 'function' ? options : callback) as Callback
    const addresses = host === 'localhost' ? ['127.0.0.1', '127.0.0.2'] : [host]
    const all = addresses.map((address) => ({ address, family: 4 }))
    if (typeof options === 'object' && options.all) process.nextTick(done, null, all)
    else process.nextTick(done, null, addresses[0], 4)
  }
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as unknown as typeof dns.lookup)
}

afterEach(() => {
  vi.restoreAllMocks()
})
