import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Many wait for what they start.
    maxWorkers: availableParallelism(),
    testTimeout: 30_000,
    hookTimeout: 30_000,
    exclude: ['test/packed/**', 'test/readers/**'],
    // The warnings that tests provoke are asserted, not printed.
    execArgv: ['--no-warnings'],
    env: { LOG_LEVEL: '', LOG_FORMAT: '', NO_COLOR: '', TZ: 'UTC' },
  },
})
