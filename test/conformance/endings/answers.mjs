// Requests that are answered, with success or with an error.
import { Readable } from 'node:stream'
import express from 'express'
import { ask } from './ask.mjs'
import { answerOk, answerRows, nodeOf, noRoutes } from './routes.mjs'

const whole = (status) => ({ truth: { status, whole: true }, waybill: { outcome: 'completed', status } })

/** @type {import('../endings.mjs').Ending[]} */
export const answers = [
  { name: 'a good answer (200)', serve: answerOk, visit: ask('/'), ...whole(200) },
  { name: 'no such route (404)', serve: noRoutes, visit: ask('/'), ...whole(404) },
  {
    name: 'a handler throws (500)',
    serve: (app) =>
      app.get('/', async () => {
        throw new Error('thrown')
      }),
    visit: ask('/'),
    ...whole(500),
  },
  { name: 'HEAD', serve: answerOk, visit: ask('/', 'HEAD'), ...whole(200) },
  {
    name: 'a redirect (302)',
    serve: (app) => app.get('/', (_request, reply) => reply.redirect('/elsewhere')),
    visit: ask('/'),
    ...whole(302),
  },
  {
    name: 'a streamed answer',
    ...answerRows(() => Readable.from(['a', 'b'])),
    visit: ask('/'),
    ...whole(200),
  },
  {
    name: 'written past the framework',
    serve: (app) =>
      app.get('/', (_request, reply) => {
        nodeOf(reply).writeHead(201).end('raw')
      }),
    visit: ask('/'),
    ...whole(201),
  },
  {
    name: 'hijacked and finished',
    fastify: (app) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(201).end('raw')
      }),
    visit: ask('/'),
    ...whole(201),
  },
  {
    // Fastify rejects the type, Express the charset.
    name: 'an unsupported media type (415)',
    fastify: (app) => app.post('/', async () => 'ok'),
    express: (app) => app.post('/', express.text({ type: 'text/*' }), answered),
    visit: ask(
      '/',
      'POST',
      { 'Content-Type': 'text/x-unknown; charset=x-unknown', 'Content-Length': 2 },
      '{}',
    ),
    ...whole(415),
  },
  {
    name: 'a body that is too large (413)',
    options: { bodyLimit: 8 },
    fastify: (app) => app.post('/', async () => 'ok'),
    express: (app) => app.post('/', express.json({ limit: 8 }), answered),
    visit: ask(
      '/',
      'POST',
      { 'Content-Type': 'application/json', 'Content-Length': 16 },
      `"${'x'.repeat(14)}"`,
    ),
    ...whole(413),
  },
]

function answered(_request, response) {
  response.send('ok')
}
