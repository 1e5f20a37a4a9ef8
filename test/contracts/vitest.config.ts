import { defineConfig } from 'vitest/config';

/** One file after the other: they share the bed, and its journal. */
export default defineConfig({
  test: {
    include: ['test/contracts/**/*.contract.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 20_000,
  },
});
