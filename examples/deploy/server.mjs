// Runs the service until SIGTERM, which Docker, Kubernetes, systemd and Heroku send to stop it.
import { build } from './service.mjs'

// Less than they wait before SIGKILL: Docker 10 seconds, Kubernetes and Heroku 30, systemd 90.
const GRACE_MS = Number(process.env.GRACE_MS ?? 8000)

const app = await build()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    // Answers open requests and accepts no more; then the process has nothing left to do and exits.
    void app.close()
    // Requests that are still open are logged as unfinished.
    setTimeout(() => process.exit(), GRACE_MS).unref()
  })
}
await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '0.0.0.0' })
