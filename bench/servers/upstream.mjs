// The service that others call: it answers every request the same.
import { createServer } from 'node:http'
import { giveAccount } from './account.mjs'

const server = createServer((_request, response) => response.end('{"stock":7}'))
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => giveAccount(server))
