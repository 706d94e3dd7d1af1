// Requests that are answered, well or not.
import { Readable } from 'node:stream'
import { ask } from './ask.mjs'

const whole = (status) => ({ truth: { status, whole: true }, waybill: { outcome: 'completed', status } })

/** @type {import('../endings.mjs').Ending[]} */
export const answers = [
  {
    name: 'a good answer (200)',
    serve: (app) => app.get('/', async () => 'ok'),
    visit: ask('/'),
    ...whole(200),
  },
  { name: 'no such route (404)', visit: ask('/'), ...whole(404) },
  {
    name: 'a handler throws (500)',
    serve: (app) =>
      app.get('/', async () => {
        throw new Error('thrown')
      }),
    visit: ask('/'),
    ...whole(500),
  },
  {
    name: 'HEAD',
    serve: (app) => app.get('/', async () => 'ok'),
    visit: ask('/', 'HEAD'),
    ...whole(200),
  },
  {
    name: 'a redirect (302)',
    serve: (app) => app.get('/', (_request, reply) => reply.redirect('/elsewhere')),
    visit: ask('/'),
    ...whole(302),
  },
  {
    name: 'a streamed answer',
    serve: (app) => app.get('/', (_request, reply) => reply.send(Readable.from(['a', 'b']))),
    visit: ask('/'),
    ...whole(200),
  },
  {
    name: 'written to `reply.raw`',
    serve: (app) =>
      app.get('/', (_request, reply) => {
        reply.raw.writeHead(201).end('raw')
      }),
    visit: ask('/'),
    ...whole(201),
  },
  {
    name: 'hijacked and finished',
    serve: (app) =>
      app.get('/', (_request, reply) => {
        reply.hijack()
        reply.raw.writeHead(201).end('raw')
      }),
    visit: ask('/'),
    ...whole(201),
  },
  {
    name: 'an unsupported media type (415)',
    serve: (app) => app.post('/', async () => 'ok'),
    visit: ask('/', 'POST', { 'Content-Type': 'text/x-unknown', 'Content-Length': 2 }, '{}'),
    ...whole(415),
  },
  {
    name: 'a body that is too large (413)',
    options: { bodyLimit: 8 },
    serve: (app) => app.post('/', async () => 'ok'),
    visit: ask(
      '/',
      'POST',
      { 'Content-Type': 'application/json', 'Content-Length': 16 },
      `"${'x'.repeat(14)}"`,
    ),
    ...whole(413),
  },
]
