// Loaded before a program of a guide: asks its first server for each path of VISITS, and closes it.
import { once } from 'node:events'
import { Server } from 'node:net'

const paths = JSON.parse(process.env.VISITS ?? '[]')
const { listen } = Server.prototype

Server.prototype.listen = function (...args) {
  Server.prototype.listen = listen
  once(this, 'listening').then(() => visit(this))
  return listen.apply(this, args)
}

async function visit(server) {
  const { address, family, port } = server.address()
  const isAny = address === '::' || address === '0.0.0.0'
  const host = isAny ? '127.0.0.1' : family === 'IPv6' ? `[${address}]` : address
  for (const path of paths) await fetch(`http://${host}:${port}${path}`).then((response) => response.text())
  server.close()
  server.closeAllConnections()
}
