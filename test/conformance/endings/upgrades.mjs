// Connections that become something else.
import { once } from 'node:events'
import websocket from '@fastify/websocket'
import { WebSocket, WebSocketServer } from 'ws'
import { Client, request } from '../client.mjs'

const upgraded = { truth: { status: 101, whole: true }, waybill: { outcome: 'upgraded', status: 101 } }

/** @type {import('../endings.mjs').Ending[]} */
export const upgrades = [
  {
    name: 'a WebSocket',
    fastify: async (app) => {
      await app.register(websocket)
      app.register(async (routes) => routes.get('/', { websocket: true }, () => {}))
    },
    express: (_app, _tell, { server }) => new WebSocketServer({ server }),
    visit: async ({ port }) => {
      const client = new WebSocket(`ws://127.0.0.1:${port}/`)
      const answered = once(client, 'upgrade')
      await once(client, 'open')
      const [{ statusCode }] = await answered
      client.close()
      await once(client, 'close')
      return [{ status: statusCode, whole: true }]
    },
    ...upgraded,
  },
  {
    name: 'an `upgrade` listener of the server',
    serve: (_app, _tell, { server }) => {
      server.on('upgrade', (_request, socket) => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
        socket.on('end', () => socket.end()).resume()
      })
    },
    visit: ({ port }) =>
      new Client(port).send(request('/', 'GET', { Connection: 'Upgrade', Upgrade: 'echo' })).answers(['GET']),
    ...upgraded,
  },
]
