import { defineConfig } from 'vitest/config';

// Processes that are killed at the worst moment, and what they leave behind: see tests/crash/README.md.
export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['tests/crash/**/*.crash.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Each file has an installation of its own.
    maxWorkers: 2,
  },
});
