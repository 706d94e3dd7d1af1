import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Suites that start many processes or try many values; `LONG=true` runs them, too. */
const LONG = [
  'test/conservation/**',
  'test/guides/**',
  'test/leak/**',
  'test/opentelemetry/**',
  'test/transparency/**',
  'test/linear.test.ts',
  'test/output/{fuzz-own-logger,stdout-replaced,stdout-shared,stdout-stall}.test.ts',
  'test/format/pretty/{picture,restart,summary,terminal}.test.ts',
]

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Many wait for what they start.
    maxWorkers: availableParallelism(),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    exclude: ['test/packed/**', 'test/readers/**', ...(process.env.LONG === 'true' ? [] : LONG)],
    coverage: {
      provider: 'v8',
      include: ['src/**'],
      reporter: ['text', 'html'],
      reportOnFailure: true,
      thresholds: { lines: 98 },
    },
    // The warnings that tests provoke are asserted, not printed.
    execArgv: ['--no-warnings'],
    env: { LOG_LEVEL: '', LOG_FORMAT: '', NO_COLOR: '', TZ: 'UTC' },
  },
})
