/** What is proposed for which repository. */
import { describe, expect, test } from 'vitest';
import { limits } from '../core/limits.ts';
import { detect } from './detect.ts';
import type { Detection } from './detect.ts';

type Files = Readonly<Record<string, string>>;

function look(files: Files): Promise<Detection> {
  return detect(
    (path) => Promise.resolve(files[path] ?? null),
    (directory) => {
      const start = directory === '' ? '' : `${directory}/`;
      const inside = Object.keys(files).filter((path) => path.startsWith(start));
      const names = inside.map((path) => path.slice(start.length).split('/')[0] ?? '');
      return Promise.resolve([...new Set(names)]);
    },
  );
}

function manifest(scripts: Files, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ scripts, devDependencies: { x: '1' }, ...more });
}

const SCRIPTS = { test: 'vitest run', lint: 'eslint .', typecheck: 'tsc', build: 'vite build' };

describe('a repository', () => {
  test.each<[string, Files, readonly string[], readonly string[]]>([
    ['npm', { 'package-lock.json': '' }, ['npm ci'], ['npm test']],
    ['pnpm', { 'pnpm-lock.yaml': '' }, ['pnpm install --frozen-lockfile'], ['pnpm test']],
    ['yarn 1', { 'yarn.lock': '# v1' }, ['yarn install --frozen-lockfile'], ['yarn test']],
    ['yarn 4', { 'yarn.lock': '__metadata:\n' }, ['yarn install --immutable'], ['yarn test']],
    ['bun', { 'bun.lock': '' }, ['bun install --frozen-lockfile'], ['bun run test']],
    ['no lockfile', {}, ['npm install --no-package-lock'], ['npm test']],
  ])('of JavaScript with %s', async (_, files, setup, gates) => {
    const found = await look({ 'package.json': manifest({ test: 'node --test' }), ...files });
    expect(found.setup.map(({ command }) => command)).toEqual(setup);
    expect(found.gates.map(({ command }) => command)).toEqual(gates);
    expect(found.detectedFrom).toEqual(['package.json', ...Object.keys(files)]);
  });

  test('with every script has cheap gates first, required and without retries', async () => {
    const found = await look({ 'package.json': manifest(SCRIPTS), 'package-lock.json': '' });
    expect(found.gates).toEqual(
      [
        ['lint', 'npm run lint'],
        ['typecheck', 'npm run typecheck'],
        ['build', 'npm run build'],
        ['test', 'npm test'],
      ].map(([name, command]) => ({
        name,
        command,
        timeoutMs: limits.gateMsDefault,
        required: true,
        retries: 0,
      })),
    );
    expect(found.setup[0]?.cacheKeyFiles).toEqual(['package.json', 'package-lock.json']);
    expect(found.setup[0]?.timeoutMs).toBe(limits.setupMsDefault);
  });

  test('names its package manager where there is no lockfile', async () => {
    const text = manifest({ test: 'x' }, { packageManager: 'pnpm@9.0.0' });
    expect((await look({ 'package.json': text })).gates[0]?.command).toBe('pnpm test');
  });

  test('without dependencies needs no installation', async () => {
    const text = JSON.stringify({ scripts: { test: 'node --test' } });
    expect((await look({ 'package.json': text })).setup).toEqual([]);
  });

  test.each([
    'echo "Error: no test specified" && exit 1',
    'vitest --watch',
    'jest --watchAll',
    'tsc -w',
    '  ',
  ])('whose test script is %j has no test gate', async (script) => {
    expect((await look({ 'package.json': manifest({ test: script }) })).gates).toEqual([]);
  });

  test.each<[string, Files, readonly string[], readonly string[]]>([
    ['go', { 'go.mod': '' }, [], ['go test ./...']],
    [
      'go with sums',
      { 'go.mod': '', 'go.sum': '' },
      ['GOFLAGS=-modcacherw go mod download'],
      ['go test ./...'],
    ],
    ['rust', { 'Cargo.toml': '' }, [], ['cargo test']],
    [
      'rust, locked',
      { 'Cargo.toml': '', 'Cargo.lock': '' },
      ['cargo fetch --locked'],
      ['cargo test --locked'],
    ],
    [
      'uv',
      { 'pyproject.toml': 'pytest', 'uv.lock': '' },
      ['uv sync --frozen'],
      ['uv run --frozen python -m pytest'],
    ],
    [
      'pip',
      { 'requirements.txt': 'pytest==8\n' },
      ['python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt'],
      ['.venv/bin/python -m pytest'],
    ],
    ['python without a test tool', { 'pyproject.toml': '[project]' }, [], []],
    ['maven', { 'pom.xml': '' }, [], ['mvn -B test']],
    ['maven, wrapped', { 'pom.xml': '', mvnw: '' }, [], ['./mvnw -B test']],
    ['gradle', { 'build.gradle.kts': '', gradlew: '' }, [], ['./gradlew --no-daemon test']],
    [
      'ruby',
      { Gemfile: "gem 'rspec'", 'spec/a_spec.rb': '' },
      ['bundle config set --local path vendor/bundle && bundle install'],
      ['bundle exec rspec'],
    ],
    [
      'php',
      { 'composer.json': '{}', 'phpunit.xml.dist': '' },
      ['composer install --no-interaction'],
      ['vendor/bin/phpunit'],
    ],
    ['elixir', { 'mix.exs': '' }, ['mix deps.get'], ['mix test']],
    ['dotnet', { 'a.sln': '' }, [], ['dotnet test']],
    ['deno', { 'deno.json': '{"tasks":{"test":"deno test"}}' }, [], ['deno task test']],
    ['make', { Makefile: 'all:\n\ntest: all\n\t./t' }, [], ['make test']],
    ['make with a variable only', { Makefile: 'test := 1\n.PHONY: test\n' }, [], []],
  ])('of %s', async (_, files, setup, gates) => {
    const found = await look(files);
    expect(found.setup.map(({ command }) => command)).toEqual(setup);
    expect(found.gates.map(({ command }) => command)).toEqual(gates);
    expect(new Set(found.gates.map(({ name }) => name)).size).toBe(found.gates.length);
  });

  test('of two kinds has the gates of both, and a Makefile only wraps them', async () => {
    const found = await look({
      'package.json': manifest({ test: 'x', lint: 'y' }),
      'go.mod': '',
      Makefile: 'test:\n\tnpm test',
    });
    expect(found.gates.map(({ name, command }) => [name, command])).toEqual([
      ['lint', 'npm run lint'],
      ['test', 'npm test'],
      ['test-go', 'go test ./...'],
    ]);
  });

  test('without anything known has no gates and says so', async () => {
    expect(await look({ 'README.md': 'hello' })).toEqual({
      setup: [],
      gates: [],
      detectedFrom: [],
      problems: [],
    });
  });

  test.each(['', '[]', 'null', '{"scripts": 3}', '{"scripts": {"test": 4}}', '{'])(
    'with a broken package.json (%j) has no gates',
    async (text) => {
      expect((await look({ 'package.json': text })).gates).toEqual([]);
    },
  );
});

describe('the own file', () => {
  test('wins over detection, part by part', async () => {
    const own = { gates: ['./check.sh', { name: 'slow', command: 'x', retries: 2 }] };
    const found = await look({
      '.gastown.json': JSON.stringify(own),
      'package.json': manifest(SCRIPTS),
      'package-lock.json': '',
    });
    expect(found.gates.map(({ name, command, retries }) => [name, command, retries])).toEqual([
      ['gate-1', './check.sh', 0],
      ['slow', 'x', 2],
    ]);
    expect(found.setup.map(({ command }) => command)).toEqual(['npm ci']);
    expect(found.detectedFrom).toEqual(['.gastown.json', 'package.json', 'package-lock.json']);
  });

  test('can say that there is nothing to check', async () => {
    const own = JSON.stringify({ setup: [], gates: [] });
    const found = await look({ '.gastown.json': own, 'go.mod': '' });
    expect(found).toMatchObject({ setup: [], gates: [], detectedFrom: ['.gastown.json'] });
  });

  test.each<[string, string]>([
    ['{', 'not a JSON object'],
    ['{"gates": "npm test"}', 'gates is not a list'],
    ['{"gates": [{"name": "a"}]}', 'number 1 has no command'],
    ['{"gates": [{"name": "a", "command": "b", "retries": -1}]}', 'retries'],
    ['{"gates": [{"name": "a", "command": "b", "timeoutMs": "1h"}]}', 'timeoutMs'],
    ['{"gates": [{"name": "a", "command": "b", "required": "yes"}]}', 'required'],
    ['{"setup": [{"command": "b", "cacheKeyFiles": "x"}]}', 'cacheKeyFiles'],
  ])('that is wrong (%s) is named, and nothing goes unchecked', async (text, why) => {
    const found = await look({ '.gastown.json': text, 'go.mod': '' });
    expect(found.problems.join()).toContain(why);
    expect(found.gates.map(({ command }) => command)).toEqual(['go test ./...']);
  });
});
