import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/readers/**/*.test.ts'],
    globalSetup: 'test/packed/install.ts',
    // Each test by its name, and with it why a reader is skipped.
    reporters: ['verbose'],
    // They share two cores with what they start.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
