import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLogger } from 'waybill/express'

/** Listens until the process is stopped, and reports the port. */
export async function serve(server: Server): Promise<void> {
  await once(server.listen(Number(process.env.PORT ?? 0), '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  createLogger().info(`Server listening at http://127.0.0.1:${port}`)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close())
}
