// All replayed endings of a request, in the order of the table.
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
 * @property {Serve} [serve] Adds the routes on any framework; absent if they differ between frameworks.
 * @property {Serve} [fastify] Adds them on Fastify.
 * @property {Serve} [express] Adds them on Express. Absent for a framework that doesn't have this ending.
 * @property {(service: import('./replay.mjs').Service) => Promise<import('./client.mjs').Seen[]>} visit Plays the
 * client and returns what it saw of each request.
 * @property {import('./client.mjs').Seen} truth What the client must see of each request.
 * @property {number} [requests] How many requests there are. @default 1
 * @property {{ outcome: string, status?: number }} [waybill] The outcome and status that waybill promises; absent if it
 * promises nothing.
 *
 * @typedef {(app: object, tell: (news: string) => void, service: import('./sides.mjs').Startable) => unknown} Serve
 * `tell` sends the client a message, such as that the server is ready for the next step.
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
