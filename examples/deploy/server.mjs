// Runs the service until it is told to end, which Docker, Kubernetes, systemd and Heroku all do by SIGTERM.
import { build } from './service.mjs'

// Less than they wait before SIGKILL (Docker 10 seconds, Kubernetes and Heroku 30, systemd 90).
const GRACE_MS = Number(process.env.GRACE_MS ?? 8000)

const app = await build()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    // Answers what has come and takes no more; then nothing is left to do, and the process ends by itself.
    void app.close()
    // What has not been answered by then is in the log as unfinished.
    setTimeout(() => process.exit(), GRACE_MS).unref()
  })
}
await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? '0.0.0.0' })
