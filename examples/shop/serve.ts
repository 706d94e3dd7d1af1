import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLogger } from 'waybill/express'

/** Has a server listen until it is told to end, and says where. */
export async function serve(server: Server): Promise<void> {
  await once(server.listen(Number(process.env.PORT ?? 0), '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  createLogger().info(`Server listening at http://127.0.0.1:${port}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
}
