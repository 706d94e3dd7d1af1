// One service. Its arguments: the side, the tool and the ending. It reports its port and the messages of its handlers, and
// closes when it is asked to.
import { once } from 'node:events'
import { sides } from './sides.mjs'

const [sideName, toolName, endingName] = process.argv.slice(2)
const { tools, endings, start } = sides.find(({ name }) => name === sideName)
// Returns nothing, because handlers may return the result of `tell`.
const tell = (news) => {
  process.send(news)
}
const ending = endings.find(({ name }) => name === endingName)
const service = await start(tools[toolName], ending, tell)
const sockets = new Set()
service.server.on('connection', (socket) => {
  sockets.add(socket)
  socket.once('close', () => sockets.delete(socket))
})
await service.listen({ port: 0, host: '127.0.0.1' })
process.send(service.server.address().port)

await once(process, 'message')
for (const socket of sockets) await once(socket, 'close')
await new Promise(setImmediate)
await service.close()
process.disconnect()
