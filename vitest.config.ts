import { defineConfig } from 'vitest/config';
import PlainSummary from './tools/plain-summary.ts';

const WHOLE_PROCESSES = ['test/e2e/**/*.test.ts', 'test/recovery/**/*.test.ts'];

export default defineConfig({
  test: {
    // Processes, not threads: tests start workers of their own, load native addons and end child processes by signal.
    pool: 'forks',
    // Nothing measures time; these only end what hangs, and leave room for two busy cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    globalSetup: ['./tools/announce-optional-data.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['packages/**/*.test.ts', 'apps/**/*.test.ts', 'tools/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**', ...WHOLE_PROCESSES],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole fleets of many threads in sped-up time: one after the other, or a busy machine is a slow market to them.
        extends: true,
        test: { name: 'processes', include: WHOLE_PROCESSES, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
    reporters: ['default', new PlainSummary()],
  },
});
