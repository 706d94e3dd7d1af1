// Every ending of a request that is replayed, in the order of the table.
import { answers } from './endings/answers.mjs'
import { broken } from './endings/broken.mjs'
import { clients } from './endings/clients.mjs'
import { exits } from './endings/exits.mjs'
import { http2 } from './endings/http2.mjs'
import { rejected } from './endings/rejected.mjs'
import { timeouts } from './endings/timeouts.mjs'
import { upgrades } from './endings/upgrades.mjs'

/**
 * @typedef {object} Ending
 * @property {string} name The row of the table.
 * @property {object} [options] Options of Fastify.
 * @property {Serve} [serve] Adds the routes, on any framework; not there when frameworks differ in it.
 * @property {Serve} [fastify] Adds them on Fastify.
 * @property {Serve} [express] Adds them on Express. An ending that a framework does not know has none for it.
 * @property {(service: import('./replay.mjs').Service) => Promise<import('./client.mjs').Seen[]>} visit Plays the
 * client and returns what it saw of each request.
 * @property {import('./client.mjs').Seen} truth What the client must have seen, of each request.
 * @property {number} [requests] How many requests there are. @default 1
 * @property {{ outcome: string, status?: number }} [waybill] The outcome and the status that waybill promises; left out
 * where it promises nothing.
 *
 * @typedef {(app: object, tell: (news: string) => void, service: import('./sides.mjs').Startable) => unknown} Serve
 * `tell` has the client know that the server is ready for the next step.
 */

/** @type {readonly Ending[]} */
export const endings = [
  ...answers,
  ...clients,
  ...http2,
  ...broken,
  ...timeouts,
  ...upgrades,
  ...rejected,
  ...exits,
]
