/**
 * The four ways tests run. `unit`: values in, values out, in this process; under a minute. `parts`:
 * beside the code too, with real git, processes, sockets and seeds. `acceptance`: the real binary.
 * `workerd`: inside the Durable Object runtime, to prove that the town works there as well.
 * `tools/test.ts` runs them in order.
 */
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// workerd's tooling otherwise asks the network for its own updates and writes logs to the home
// folder.
process.env['WRANGLER_SEND_METRICS'] = 'false';
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
process.env['WRANGLER_LOG_PATH'] = '.build/wrangler-logs';
process.env['CI'] ??= 'true';

/** Rooms whose tests start git, processes, servers or whole worlds. */
const parts = ['runtime', 'hosts', 'server', 'devforge', 'sim'].map(
  (room) => `src/${room}/**/*.test.ts`,
);

export default defineConfig({
  cacheDir: 'node_modules/.cache/vite',
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: parts,
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'parts',
          include: [...parts, 'test/origin/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'acceptance',
          include: ['test/acceptance/**/*.test.ts', 'test/forge/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2, // each file starts towns, runners and agents of its own
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './test/workerd/wrangler.jsonc' } })],
        test: {
          name: 'workerd',
          include: ['test/workerd/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
    ],
  },
});
