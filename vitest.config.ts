import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    // One more than there are cores: whole commands spend most of their time waiting.
    maxWorkers: availableParallelism() + 1,
    // For what hangs. A slow or busy disk is no failure of the program.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
  },
});
