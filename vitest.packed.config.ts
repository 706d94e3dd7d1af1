import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/packed/**/*.test.ts'],
    globalSetup: 'test/packed/install.ts',
    testTimeout: 30_000,
  },
})
