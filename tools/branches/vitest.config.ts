import { defineConfig } from 'vitest/config';

/** The tests whose branches are counted, run as they are: Node reads the sources itself, so what it counts are their own lines. */
export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    experimental: { viteModuleRunner: false },
    setupFiles: ['./tools/branches/take.ts'],
  },
});
