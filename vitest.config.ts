import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Packages are tested from their sources: no build is needed to run a test of one of them.
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.{ts,tsx}', 'tools/*/src/**/*.test.ts'],
    // For what hangs, not for what is slow: on a loaded machine initdb or a crash recovery alone takes ten seconds.
    testTimeout: 90_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
