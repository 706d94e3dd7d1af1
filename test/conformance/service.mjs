// One service: a tool and the ending that it is to tell, given as arguments. It says on what port it listens and what
// its handlers tell it, and closes when it is asked to.
import { once } from 'node:events'
import { endings } from './endings.mjs'
import { tools } from './tools.mjs'

const [tool, name] = process.argv.slice(2)
const { options = {}, serve } = endings.find((ending) => ending.name === name)
const app = await tools[tool].start(options)
const sockets = new Set()
app.server.on('connection', (socket) => {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
})
// Returns nothing: a handler may return what `tell` does.
const tell = (news) => {
  process.send(news)
}
await serve?.(app, tell)
await app.listen({ port: 0, host: '127.0.0.1' })
process.send(app.server.address().port)

await once(process, 'message')
for (const socket of sockets) await once(socket, 'close')
await new Promise(setImmediate)
await app.close()
process.disconnect()
