import { followHttp1 } from './http1.js'
import { followHttp2 } from './http2.js'
import { createPropagation, type Propagation, type PropagationSettings } from './propagation.js'
import { followUndici } from './undici.js'

let following = false

/** Has every call of this process that is made for a request carry what it belongs to, from now on. */
export function followCalls(settings: PropagationSettings): Propagation {
  if (!following) {
    following = true
    followUndici()
    followHttp1()
    followHttp2()
  }
  return createPropagation(settings)
}
