// The frameworks on which tools are compared, with one table each.
import { endings } from './endings.mjs'
import * as express from './express.mjs'
import * as fastify from './fastify.mjs'

/**
 * @typedef {object} Side
 * @property {string} name Its name in endings and in the comments around its table.
 * @property {string} title
 * @property {string} package The package of the framework.
 * @property {Readonly<Record<string, Tool>>} tools
 * @property {readonly import('./endings.mjs').Ending[]} endings The endings that exist on this framework.
 * @property {(tool: Tool, ending: import('./endings.mjs').Ending, tell: (news: string) => void) =>
 * Promise<Startable>} start
 *
 * @typedef {import('./fastify.mjs').FastifyTool | import('./express.mjs').ExpressTool} Tool
 *
 * @typedef {object} Startable A service that is ready to listen.
 * @property {import('node:http').Server} server
 * @property {(where: { port: number, host: string }) => Promise<unknown>} listen
 * @property {() => Promise<unknown>} close
 */

const knownTo = (framework) => endings.filter((ending) => (ending[framework] ?? ending.serve) !== undefined)

/** @type {readonly Side[]} */
export const sides = [
  { name: 'fastify', title: 'On Fastify', package: 'fastify', ...fastify, endings: knownTo('fastify') },
  { name: 'express', title: 'On Express', package: 'express', ...express, endings: knownTo('express') },
]
