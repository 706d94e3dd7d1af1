// Serves Fastify under OpenTelemetry, with or without waybill: node otel.mjs <set-up> with|without.
import { createRequire } from 'node:module'
import otel from '@fastify/otel'
import { trace } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import fastify from 'fastify'
import waybill from '../../dist/index.js'

const [, , setUp, mode] = process.argv

new NodeTracerProvider().register()
if (setUp === 'instrumentation-http') {
  registerInstrumentations({ instrumentations: [new HttpInstrumentation()] })
  // What is required from here on is instrumented.
  createRequire(import.meta.url)('node:http')
}
const instrumentation = new otel.FastifyOtelInstrumentation({
  registerOnInitialization: setUp === 'by itself',
})

const app = fastify()
if (mode === 'with' && setUp !== 'before waybill') await app.register(waybill)
if (setUp !== 'by itself') await app.register(instrumentation.plugin())
if (mode === 'with' && setUp === 'before waybill') await app.register(waybill)

/** The trace of the span that is active where this is called. */
const activeTrace = () => trace.getActiveSpan().spanContext().traceId
/** The span that the request has for its own. */
const serverSpan = (request) => {
  const { context } = request.opentelemetry()
  const metadata = context.getValue(Symbol.for('OpenTelemetry SDK Context Key RPC_METADATA'))
  return (metadata?.span ?? trace.getSpan(context)).spanContext().spanId
}

app.addHook('preHandler', (request, _reply, done) => {
  request.log.info({ active_trace: activeTrace(), server_span: serverSpan(request) }, 'handled')
  done()
})
app.get('/ok', async () => ({ ok: true }))
app.get('/trace', async () => ({ trace: activeTrace() }))
app.get('/fails', async () => {
  throw new Error('failed')
})
await app.listen({ port: 0, host: '127.0.0.1' })
process.send(app.server.address().port)
process.once('message', async () => {
  await app.close()
  process.disconnect()
})
