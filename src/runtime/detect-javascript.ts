/**
 * Recognises a JavaScript project: its package manager by lockfile, its gates by the scripts of
 * package.json. One of the recognisers of detect.ts.
 *
 * J1 The lockfile decides; `packageManager` of package.json only where there is none.
 * J2 A script that watches never ends and is no gate; the text npm puts there by default is none.
 */
import type { Command, Proposal, Repository } from './detect.ts';

type Manager = 'npm' | 'pnpm' | 'yarn' | 'bun';

interface Package {
  readonly scripts: Readonly<Record<string, string>>;
  readonly hasDependencies: boolean;
  readonly manager: Manager | null;
}

const LOCKFILES: readonly (readonly [file: string, manager: Manager])[] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
];

/** Other names for a gate, in order of preference. */
const SCRIPTS: readonly (readonly [gate: string, scripts: readonly string[]])[] = [
  ['lint', ['lint']],
  ['typecheck', ['typecheck', 'type-check', 'check-types', 'tsc']],
  ['build', ['build']],
  ['test', ['test']],
];

const KEY_FILES: readonly string[] = [
  'package.json',
  '.npmrc',
  'pnpm-workspace.yaml',
  '.yarnrc.yml',
  '.nvmrc',
  '.node-version',
];

export async function javascript(repository: Repository): Promise<Proposal | null> {
  const text = repository.root.includes('package.json')
    ? await repository.read('package.json')
    : null;
  const manifest = text === null ? null : parsePackage(text);
  if (manifest === null) return null;
  const lock = LOCKFILES.find(([file]) => repository.root.includes(file));
  const manager = lock?.[1] ?? manifest.manager ?? 'npm';
  return {
    ecosystem: 'js',
    from: ['package.json', ...(lock === undefined ? [] : [lock[0]])],
    setup: await install(repository, manifest, manager, lock?.[0] ?? null),
    gates: SCRIPTS.flatMap(([gate, names]) => scriptGate(gate, names, manifest, manager)),
  };
}

async function install(
  repository: Repository,
  manifest: Package,
  manager: Manager,
  lock: string | null,
): Promise<Command[]> {
  if (lock === null && !manifest.hasDependencies) return [];
  const keys = KEY_FILES.filter((file) => repository.root.includes(file));
  if (lock !== null) keys.push(lock);
  const command = await installCommand(repository, manager, lock);
  return [{ name: 'install', command, keys }];
}

async function installCommand(
  repository: Repository,
  manager: Manager,
  lock: string | null,
): Promise<string> {
  switch (manager) {
    case 'npm':
      // Without a lockfile one would be written into the change.
      return lock === null ? 'npm install --no-package-lock' : 'npm ci';
    case 'pnpm':
      return lock === null ? 'pnpm install --no-lockfile' : 'pnpm install --frozen-lockfile';
    case 'bun':
      return lock === null ? 'bun install --no-save' : 'bun install --frozen-lockfile';
    case 'yarn': {
      const text = lock === null ? null : await repository.read(lock);
      if (text === null) return 'yarn install --no-lockfile';
      // Only the lockfile of yarn 2 and later has this key.
      const berry = /^__metadata:/m.test(text);
      return berry ? 'yarn install --immutable' : 'yarn install --frozen-lockfile';
    }
  }
}

function scriptGate(
  gate: string,
  names: readonly string[],
  manifest: Package,
  manager: Manager,
): Command[] {
  const script = names.find((name) => isGate(manifest.scripts[name]));
  if (script === undefined) return [];
  const command = script === 'test' && manager !== 'bun' ? 'test' : `run ${script}`;
  return [{ name: gate, command: `${manager} ${command}` }];
}

/** J2 */
function isGate(script: string | undefined): boolean {
  if (script === undefined || script.trim() === '') return false;
  return (
    !/no test specified/.test(script) && !/(?:^|\s)(?:--watch(?:All)?|-w)(?=\s|$)/.test(script)
  );
}

function parsePackage(text: string): Package | null {
  const value = parseObject(text);
  if (value === null) return null;
  const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'workspaces'];
  const named = typeof value['packageManager'] === 'string' ? value['packageManager'] : '';
  return {
    scripts: Object.fromEntries(Object.entries(objectOf(value['scripts'])).filter(isStringEntry)),
    hasDependencies: groups.some((name) => Object.keys(objectOf(value[name])).length > 0),
    manager:
      (['npm', 'pnpm', 'yarn', 'bun'] as const).find((m) => named.startsWith(`${m}@`)) ?? null,
  };
}

export function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return isObject(value) && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isStringEntry(entry: [string, unknown]): entry is [string, string] {
  return typeof entry[1] === 'string';
}
