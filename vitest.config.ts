import { defineConfig } from 'vitest/config';
import PlainSummary from './tools/plain-summary.ts';

export default defineConfig({
  test: {
    include: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    // Processes, not threads: tests start workers of their own, load native addons and end child processes by signal.
    pool: 'forks',
    // Nothing measures time; these only end what hangs, and leave room for two busy cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    globalSetup: ['./tools/announce-optional-data.ts'],
    reporters: ['default', new PlainSummary()],
  },
});
