/**
 * A real agent CLI from the registry does a whole task offline: it reads a file, edits, commits
 * through its own shell tool and hands in over MCP, driven by a scripted model on loopback.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AgentProfile } from '../../src/core/launch-spec.ts';
import { startModelServer, type ModelServer } from '../agents/model-server.ts';
import { call, launchSpec, makeWorld, type World } from '../agents/world.ts';

const bin = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));

let world: World;
let model: ModelServer;

beforeEach(async () => {
  model = await startModelServer([
    { shell: 'cat greeting.txt' },
    {
      shell: "printf 'good evening\\n' > greeting.txt && git commit -q -am 'Greet in the evening'",
    },
    { tool: 'gt_done', input: { summary: 'The greeting fits the evening.' } },
  ]);
  world = await makeWorld({ path: [bin, process.env['PATH'] ?? ''].join(delimiter) });
  await world.runner.start();
});

afterEach(async () => {
  await world.close();
  await model.close();
});

it('codex reads, edits, commits and calls gt_done', async () => {
  const profile = await codexProfile();
  await world.makeRepository('web-1', { 'greeting.txt': 'good morning\n' });
  const prompt = 'Make the greeting fit the evening.';
  await world.runner.startAttempt(call, launchSpec({ prompt, agent: 'codex', profile }));
  const ended = await world.until('attempt_ended', () => true, 60_000);

  expect(ended.end).toMatchObject({ outcome: 'submitted', failure: null });
  const submitted = await world.until('work_submitted');
  expect(submitted.summary).toBe('The greeting fits the evening.');
  expect(submitted.head).toBe(await world.git('web-1', 'rev-parse', 'HEAD'));
  expect(submitted.base).toBe(await world.git('web-1', 'rev-parse', 'HEAD^'));
  expect(await world.git('web-1', 'show', 'HEAD:greeting.txt')).toBe('good evening');
  expect(await world.git('web-1', 'status', '--porcelain')).toBe('');

  expect(model.requests[1]?.results[0]).toContain('good morning');
  expect(model.requests[0]?.model).toBe('scripted-model');
  expect(ended.usage.inputTokens).toBeGreaterThan(0);
});

/** The person's own settings of that agent, in a home of its own. */
async function codexProfile(): Promise<AgentProfile> {
  const home = join(world.home, 'codex');
  await mkdir(home, { recursive: true });
  await writeFile(
    join(home, 'config.toml'),
    `model = "scripted-model"
model_provider = "mock"
approval_policy = "never"
sandbox_mode = "danger-full-access"

[analytics]
enabled = false

[model_providers.mock]
name = "mock"
base_url = "${model.url}"
env_key = "MOCK_MODEL_KEY"
wire_api = "responses"
supports_websockets = false
`,
  );
  const env = { CODEX_HOME: home, MOCK_MODEL_KEY: 'none' };
  return { name: 'codex', command: 'codex-acp', args: [], env, loginFiles: [] };
}
