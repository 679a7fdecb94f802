/**
 * The three ways tests run. `unit`: beside the code, in this process, no network and no child
 * processes worth naming. `acceptance`: the real binary in real processes. `workerd`: inside the
 * Durable Object runtime, to prove that what the town does in SQL works there too. `tools/test.ts`
 * runs them in order.
 */
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

// workerd's tooling otherwise asks the network for its own updates and writes logs to the home
// folder.
process.env['WRANGLER_SEND_METRICS'] = 'false';
process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false';
process.env['WRANGLER_LOG_PATH'] = '.build/wrangler-logs';
process.env['CI'] ??= 'true';

export default defineConfig({
  cacheDir: 'node_modules/.cache/vite',
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'tools/**/*.test.ts', 'test/origin/**/*.test.ts'],
          testTimeout: 10_000,
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
