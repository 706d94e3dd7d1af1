import { aFunction, either, exactly, type Kind, read, readList, text } from './checks.js'
import { WaybillError } from './errors.js'
import type { Options } from './options.js'
import type { PropagationSettings } from './outgoing/headers.js'

const hostPattern = text(
  "a host in lower case such as 'api.shop.com', or '*.shop.com'",
  /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$|^[0-9a-f]*:[0-9a-f:.]*$/,
)
const list: Kind<unknown[]> = {
  takes: 'an array of hosts',
  hasType: (value) => Array.isArray(value),
  accepts: (value): value is unknown[] => Array.isArray(value),
}
const propagate = either(
  either(either(exactly(true), exactly(false)), list),
  aFunction<(host: string) => boolean>('a function of the host'),
)

/** Checks which hosts the id goes to; undefined: none. */
export function parsePropagation(
  options: Options,
  context: boolean,
  header: string,
): PropagationSettings | undefined {
  const given = read('propagate', options.propagate, propagate)
  if (!context && given !== undefined && given !== false) {
    throw new WaybillError(
      'WAYBILL_ERR_OPTION_UNUSED',
      'option propagate takes nothing but false beside context: false, which knows no request',
      'propagate',
    )
  }
  if (!context || given === false) return undefined
  const reach = Array.isArray(given) ? readList('propagate', given, hostPattern) : given
  return { header, reach: typeof reach === 'boolean' || reach === undefined ? [] : reach }
}
