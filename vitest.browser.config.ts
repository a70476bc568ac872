import { defineConfig } from 'vitest/config';

// The dashboard in a real browser against a server that runs: see tests/browser/README.md.
export default defineConfig({
  test: {
    include: ['tests/browser/**/*.browser.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One browser, one page after another: what a test finds does not depend on what runs beside it.
    fileParallelism: false,
  },
});
