// The real SDK of OpenTelemetry, with its instrumentations; prints the spans that have ended when the process is done.
import { register } from 'node:module'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http'
import { PinoInstrumentation } from '@opentelemetry/instrumentation-pino'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'

const KINDS = {
  http: HttpInstrumentation,
  undici: UndiciInstrumentation,
  pino: PinoInstrumentation,
}

/** Starts tracing with some of the instrumentations. */
export function trace(...names) {
  const exporter = new InMemorySpanExporter()
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
  registerInstrumentations({ instrumentations: names.map((name) => new KINDS[name]()) })
  process.on('exit', () => {
    for (const span of exporter.getFinishedSpans()) {
      const { traceId, spanId } = span.spanContext()
      const { name, kind, parentSpanContext } = span
      console.error(JSON.stringify({ name, kind, traceId, spanId, parent: parentSpanContext?.spanId }))
    }
  })
}

const { TRACED_FIRST } = process.env
if (TRACED_FIRST !== undefined) {
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url)
  trace(...TRACED_FIRST.split(','))
}
