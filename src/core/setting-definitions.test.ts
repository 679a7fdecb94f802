/** What each setting takes, where its value comes from, and which combinations are refused. */
import { describe, expect, test } from 'vitest';
import { limits } from './limits.ts';
import {
  checkCombination,
  gatesOf,
  isSettingKey,
  nearKeys,
  parseSetting,
  parseSettingText,
  resolveSettings,
  rigScopeProblem,
  settingDefinitions,
  settingKeys,
  setupOf,
  sourceOf,
} from './setting-definitions.ts';
import type { Settings } from './settings.ts';

const defaults = resolveSettings({}, {});

function refusal(key: keyof Settings, value: unknown) {
  const parsed = parseSetting(key, value);
  return parsed.ok ? 'taken' : parsed.error;
}

describe.each(settingKeys.map((key) => [key]))('%s', (key) => {
  const definition = settingDefinitions[key];

  test('takes its own default', () => {
    expect(parseSetting(key, definition.default)).toEqual({ ok: true, value: definition.default });
  });

  test('takes the example of its help as a person types it', () => {
    const typed = definition.example.replace(/"([^"]*)"/, '$1'); // as a shell passes it on
    expect(parseSettingText(key, typed)).toMatchObject({ ok: true });
  });

  test.each([[{ 'no such': 1 }], [[[]]], [-1], [undefined]])('refuses %j', (value) => {
    expect(refusal(key, value)).toMatchObject({ kind: 'bad_value', helps: 'person' });
  });

  test('says in one sentence what it is for', () => {
    expect(definition.meaning).toMatch(/^[A-Z].*\.$/);
  });
});

describe('a value', () => {
  test.each([
    ['maxPolecatsPerRig', '3', 3],
    ['branchPrefix', '7', '7'],
    ['defaultModel', 'null', null],
    ['git.signoff', 'true', true],
    ['budget.bead.usd', '2.5', 2.5],
    ['customInstructions', 'Write tests.', 'Write tests.'],
    [
      'git.author',
      'Ada Lovelace <ada@example.com>',
      { name: 'Ada Lovelace', email: 'ada@example.com' },
    ],
    ['envVars', 'CI=true\nFEATURES=a=b', { CI: 'true', FEATURES: 'a=b' }],
  ] as const)('of %s typed as %j is %j', (key, typed, value) => {
    expect(parseSettingText(key, typed)).toEqual({ ok: true, value });
  });

  test('of gates may be name=command, one a line', () => {
    expect(parseSettingText('gates', 'test=npm test\nlint = npm run lint -- --max=0')).toEqual({
      ok: true,
      value: [
        { name: 'test', command: 'npm test', timeoutMs: 1_800_000, required: true, retries: 0 },
        {
          name: 'lint',
          command: 'npm run lint -- --max=0',
          timeoutMs: 1_800_000,
          required: true,
          retries: 0,
        },
      ],
    });
  });

  test('of gates may be JSON with what is not usual', () => {
    const typed = '[{"name":"e2e","command":"npm run e2e","required":false,"retries":2}]';
    expect(parseSettingText('gates', typed)).toMatchObject({
      ok: true,
      value: [{ name: 'e2e', required: false, retries: 2, timeoutMs: limits.gateMsDefault }],
    });
  });

  test('of agents splits a short command at its spaces, and a long one not', () => {
    expect(parseSettingText('agents', 'mine=my-agent --acp -v')).toMatchObject({
      value: [{ name: 'mine', command: 'my-agent', args: ['--acp', '-v'] }],
    });
    expect(parseSetting('agents', [{ name: 'mine', command: '/opt/my agent/run' }])).toMatchObject({
      value: [{ command: '/opt/my agent/run', args: [], env: {}, loginFiles: [] }],
    });
  });

  test.each([
    ['gates', [{ name: 'test', command: 'npm test', timeoutMs: limits.gateMsMax + 1 }]],
    ['gates', [{ name: 'test', command: '  ' }]],
    ['gates', [{ name: 'te/st', command: 'npm test' }]],
    ['gates', [{ name: 'test', comand: 'npm test' }]],
    ['gates', 'npm test'],
    ['setup', [{ name: 'install', command: 'npm ci', cacheKeyFiles: ['../package.json'] }]],
    ['setup', [{ name: 'install', command: 'npm ci', cacheKeyFiles: ['/etc/passwd'] }]],
    ['agents', [{ name: 'mine', command: 'a', loginFiles: ['~/.ssh/id_ed25519'] }]],
    ['agents', [{ name: 'mine', command: 'a', env: { LD_PRELOAD: 'x.so' } }]],
    ['envVars', { GASTOWN_TOKEN: 'x' }],
    ['envVars', { PATH: '/tmp' }],
    ['envVars', { CI: true }],
    ['branchPrefix', 'a/b'],
    ['branchPrefix', 'a..b'],
    ['branchPrefix', 'x.lock'],
    ['branchPrefix', '-x'],
    ['branchPrefix', ''],
    ['git.author', 'Ada'],
    ['git.author', { name: 'Ada\nCo-authored-by: x', email: 'ada@example.com' }],
    ['maxPolecatsPerRig', 0],
    ['maxPolecatsPerRig', 1.5],
    ['maxPolecatsPerRig', '3'],
    ['budget.bead.tokens', 0],
    ['budget.bead.usd', Number.NaN],
    ['mergeMethod', 'fast-forward'],
  ] as const)('of %s is refused when it is %j', (key, value) => {
    expect(refusal(key, value)).toMatchObject({
      kind: 'bad_value',
      field: expect.stringContaining(key),
    });
  });

  test('that is refused is shown shortened, with what would be taken', () => {
    expect(refusal('approval', 'x'.repeat(10_000))).toEqual({
      kind: 'bad_value',
      helps: 'person',
      field: 'approval',
      given: `${'x'.repeat(120)}…`,
      expected: 'none or person',
    });
  });

  test('that is refused inside a list names its place', () => {
    expect(
      refusal('gates', [
        { name: 'a', command: 'b' },
        { name: 'c', command: 'd', retries: 9 },
      ]),
    ).toMatchObject({ field: 'gates[1].retries', given: '9' });
    expect(refusal('gates', [{ name: 'a' }])).toMatchObject({
      field: 'gates[0].command',
      given: 'nothing',
    });
  });
});

describe('a key', () => {
  test('is known or not', () => {
    expect(isSettingKey('approval')).toBe(true);
    expect(isSettingKey('budget.bead.tokens')).toBe(true);
    expect(isSettingKey('toString')).toBe(false);
  });

  test.each([
    ['aproval', 'approval'],
    ['maxPolecatPerRig', 'maxPolecatsPerRig'],
    ['budget.bead.token', 'budget.bead.tokens'],
    ['Gates', 'gates'],
  ])('typed as %s was probably %s', (typed, meant) => {
    expect(nearKeys(typed)[0]).toBe(meant);
  });

  test('of the whole town cannot be set on a rig', () => {
    expect(rigScopeProblem('budget.town.tokens')).toMatchObject({ kind: 'settings_conflict' });
    expect(rigScopeProblem('gates')).toBeNull();
  });
});

describe('the value in force', () => {
  test('is the rig’s, else the town’s, else the default', () => {
    const town = { approval: 'person', maxPolecatsPerRig: 4 } as const;
    const rig = { maxPolecatsPerRig: 1 } as const;
    expect(resolveSettings(town, rig)).toEqual({ ...defaults, ...town, ...rig });
    expect(sourceOf('maxPolecatsPerRig', town, rig)).toBe('rig');
    expect(sourceOf('approval', town, rig)).toBe('town');
    expect(sourceOf('gates', town, rig)).toBe('default');
  });

  test('can be null on a rig although the town has one', () => {
    const town = { defaultModel: 'large-1' };
    expect(resolveSettings(town, { defaultModel: null }).defaultModel).toBeNull();
    expect(resolveSettings(town, {}).defaultModel).toBe('large-1');
  });

  test('of a town’s setting is never the rig’s', () => {
    const rig = { 'budget.town.tokens': 1 };
    expect(resolveSettings({}, rig)['budget.town.tokens']).toBeNull();
    expect(sourceOf('budget.town.tokens', {}, rig)).toBe('default');
  });

  test('has every key of the table', () => {
    expect(Object.keys(defaults).toSorted()).toEqual([...settingKeys].toSorted());
  });

  test('of setup and gates is what was detected, unless it is set', () => {
    const gate = { name: 'test', command: 'npm test', timeoutMs: 1000, required: true, retries: 0 };
    const report = { gates: [gate], setup: [] };
    expect(gatesOf(defaults, report)).toEqual([gate]);
    expect(gatesOf(defaults, null)).toEqual([]);
    expect(gatesOf({ ...defaults, gates: [] }, report)).toEqual([]);
    expect(setupOf(defaults, null)).toEqual([]);
  });
});

describe('a combination', () => {
  const combined = (change: Partial<Settings>) => checkCombination({ ...defaults, ...change });

  test('of the defaults is possible', () => {
    expect(combined({})).toBeNull();
  });

  test.each([
    ['bead', 'rig'],
    ['rig', 'town'],
    ['bead', 'town'],
  ] as const)('cannot give a %s more than its %s', (inner, outer) => {
    for (const unit of ['tokens', 'usd'] as const) {
      const [small, large] = [`budget.${inner}.${unit}`, `budget.${outer}.${unit}`];
      expect(combined({ [small]: 11, [large]: 10 })).toMatchObject({
        kind: 'settings_conflict',
        keys: [small, large],
      });
      expect(combined({ [small]: 10, [large]: 10 })).toBeNull();
    }
  });

  test.each(['gates', 'setup', 'agents'] as const)('cannot have two %s of one name', (key) => {
    const parsed = parseSettingText(key, 'twin=a\nother=b\ntwin=c');
    expect(combined(parsed.ok ? { [key]: parsed.value } : {})).toMatchObject({
      kind: 'settings_conflict',
      keys: [key],
      why: expect.stringContaining('twin'),
    });
  });

  test('cannot require isolation with a network that would stay open', () => {
    const network = { 'isolation.network': 'model-and-loopback' } as const;
    expect(combined({ 'isolation.require': 'strong', ...network })).toMatchObject({
      keys: ['isolation.require', 'isolation.network'],
    });
    expect(combined(network)).toBeNull();
    expect(combined({ 'isolation.require': 'strong' })).toBeNull();
  });
});
