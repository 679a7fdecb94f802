/**
 * Prepares a directory for work: runs the rig's setup steps in order, before an agent's first turn
 * and before a gate, or takes what they produced from the cache.
 *
 * S1 A step runs only if this directory does not have its outcome and the cache has none. Its
 *    outcome is what it left in the directory and in the home it was given.
 * S2 A step without key files runs once per directory and is never shared.
 * S3 A failure is the rig's, with the command, its exit and its output; the steps after it do not
 *    run. It is never a verdict on somebody's change.
 */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import type { SetupStep } from '../core/launch-spec.ts';
import type { Result } from '../core/result.ts';
import { err, ok } from '../core/result.ts';
import { runShell } from './machine.ts';
import type { Machine, Place, ShellResult } from './machine.ts';
import type { Network } from './sandbox.ts';
import { isProduced } from './setup-cache.ts';
import type { Produced, Roots, SetupCache } from './setup-cache.ts';
import { difference, exists, listDirectory } from './setup-listing.ts';

export interface SetupRequest {
  readonly rig: string;
  readonly place: Place;
  readonly steps: readonly SetupStep[];
  /** `envVars` of the settings. */
  readonly env: Readonly<Record<string, string>>;
  readonly network: Network;
  /**
   * Nothing of an agent's is in the directory: its commit is in the target and no agent has
   * worked in it. Only then may others use what the steps produce. C2
   */
  readonly trusted: boolean;
  /** Who else may use what an untrusted directory produced, such as its commit; null: nobody. */
  readonly scope: string | null;
  /** Remembers what this directory has, beside it and out of an agent's sight; null: it is new. */
  readonly statePath: string | null;
  readonly cancel?: AbortSignal;
}

export interface SetupDeps {
  readonly machine: Machine;
  readonly cache: SetupCache;
}

export interface Prepared {
  readonly steps: readonly PreparedStep[];
  /** What steps left in the directory: for git's list of what it should not show. */
  readonly produced: readonly string[];
}

export interface PreparedStep {
  readonly name: string;
  readonly by: 'ran' | 'cache' | 'kept';
}

interface Done {
  readonly name: string;
  readonly key: string;
  readonly produced: Produced;
}

const OUTPUT_BYTES_MAX = 16 * 1024;

export async function prepareDirectory(
  request: SetupRequest,
  deps: SetupDeps,
): Promise<Result<Prepared, Failure>> {
  const identity = await identityOf(request.place.directory);
  const had = request.statePath === null ? [] : await readState(request.statePath, identity);
  const steps: PreparedStep[] = [];
  const done: Done[] = [];
  for (const step of request.steps) {
    const key = await deps.cache.keyOf(step, request.place.directory, done.at(-1)?.key ?? '');
    const kept = had.find((entry) => entry.name === step.name && entry.key === key);
    if (kept !== undefined && (await isThere(kept.produced, rootsOf(request.place)))) {
      done.push(kept);
      steps.push({ name: step.name, by: 'kept' });
      continue;
    }
    const made = await make(step, key, request, deps);
    if (!made.ok) return made;
    done.push({ name: step.name, key, produced: made.value.produced });
    steps.push({ name: step.name, by: made.value.by });
    if (request.statePath !== null) await writeState(request.statePath, { identity, done });
  }
  const produced = [...new Set(done.flatMap((entry) => entry.produced.tree))];
  return ok({ steps, produced });
}

/** From the cache, or by running the step. S1 S2 */
async function make(
  step: SetupStep,
  key: string,
  request: SetupRequest,
  deps: SetupDeps,
): Promise<Result<{ by: 'ran' | 'cache'; produced: Produced }, Failure>> {
  const roots = rootsOf(request.place);
  const scope = request.trusted ? null : request.scope;
  const shared = step.cacheKeyFiles.length > 0;
  if (shared) {
    const produced = await deps.cache.restore(request.rig, key, scope, roots);
    if (produced !== null) return ok({ by: 'cache', produced });
  }
  const before = { tree: await listDirectory(roots.tree), home: await listDirectory(roots.home) };
  const result = await runShell(deps.machine, {
    command: step.command,
    place: request.place,
    role: 'setup',
    subject: request.rig,
    env: request.env,
    network: request.network,
    timeoutMs: step.timeoutMs,
    outputBytesMax: OUTPUT_BYTES_MAX,
    ...(request.cancel === undefined ? {} : { cancel: request.cancel }),
  });
  const failure = failureOf(step, result);
  if (failure !== null) return err(failure);
  const tree = await difference(roots.tree, before.tree);
  const home = await difference(roots.home, before.home);
  const produced = { tree: tree.produced, home: home.produced };
  const isRepeatable = tree.changed.length === 0 && home.changed.length === 0;
  if (shared && isRepeatable && (request.trusted || scope !== null)) {
    await deps.cache.store(request.rig, key, scope, produced, roots);
  }
  return ok({ by: 'ran', produced });
}

/** S3 */
function failureOf(step: SetupStep, result: ShellResult): Failure | null {
  const { exitCode, signal, timedOut, cancelled, startFailure } = result;
  if (exitCode === 0 && !timedOut && !cancelled) return null;
  return {
    kind: 'setup_failed',
    helps: cancelled ? 'later' : 'person',
    name: step.name,
    command: step.command,
    exitCode,
    signal,
    timedOut,
    output: startFailure?.message ?? result.output,
  };
}

function rootsOf(place: Place): Roots {
  return { tree: place.directory, home: place.home };
}

async function isThere(produced: Produced, roots: Roots): Promise<boolean> {
  const paths = [
    ...produced.tree.map((path) => join(roots.tree, path)),
    ...produced.home.map((path) => join(roots.home, path)),
  ];
  const there = await Promise.all(paths.map((path) => exists(path)));
  return there.every(Boolean);
}

/** Another directory under the same name has nothing of what this one had. */
async function identityOf(directory: string): Promise<string> {
  const { dev, ino, birthtimeMs } = await stat(directory);
  return [dev, ino, birthtimeMs].join(':');
}

async function readState(path: string, identity: string): Promise<readonly Done[]> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null) return [];
    if (!('identity' in value) || value.identity !== identity || !('done' in value)) return [];
    return Array.isArray(value.done) ? value.done.filter(isDone) : [];
  } catch {
    return []; // Not there, or half written: every step is looked at anew.
  }
}

async function writeState(
  path: string,
  state: { readonly identity: string; readonly done: readonly Done[] },
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(state));
  await rename(`${path}.new`, path);
}

function isDone(value: unknown): value is Done {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'key' in value &&
    typeof value.key === 'string' &&
    'produced' in value &&
    isProduced(value.produced)
  );
}
