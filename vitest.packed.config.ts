import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/packed/**/*.test.ts'],
    globalSetup: 'test/packed/install.ts',
    // Most of them wait for what they start.
    maxWorkers: availableParallelism(),
    testTimeout: 120_000,
  },
})
