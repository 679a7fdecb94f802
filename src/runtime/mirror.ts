/**
 * One mirror per rig: the remote's branches under `refs/remotes/origin/`, fetched with the
 * person's own git credentials. Workspaces and the store borrow its objects.
 *
 * M1 One writer at a time; a request that comes while one runs shares the next one.
 * M2 No object ever leaves it: gc and pruning are off. A branch deleted on the remote loses its
 *    name here, because the name could stand in the way of a new one; its commits stay.
 * M3 A repository that lends its objects is copied from once, when the mirror is made. Nothing is
 *    borrowed from it afterwards, so its owner may collect or delete it.
 * M4 Agents may read it. A push into it is answered with what to do instead.
 */
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../ports/host.ts';
import type { Failure } from '../core/failure.ts';
import { commitOf, type Commit } from '../core/ids.ts';
import type { RigRef } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { caught, isLockHeld, redact, remoteFailure } from './git-errors.ts';
import { GitFailed, type Git, type GitOutcome } from './git.ts';
import type { RunnerPaths } from './paths.ts';
import { sweepLocks } from './stale-locks.ts';
import { initBare } from './store.ts';

/** What the remote has, read just now. */
export interface Look {
  readonly branches: ReadonlyMap<string, Commit>;
  readonly defaultBranch: string | null;
}

export interface Fetched extends Look {
  /** null when the target branch does not exist. */
  readonly targetTip: Commit | null;
}

export interface MirrorDeps {
  readonly git: Git;
  readonly paths: RunnerPaths;
  readonly clock: Clock;
}

export const PUSH_ANSWER = 'not needed: call gt_done, and the change is pushed for you';

/** A hook that refuses with that answer. */
export const refusingHook = `#!/bin/sh\necho '${PUSH_ANSWER}' >&2\nexit 1\n`;

const BRANCHES = '+refs/heads/*:refs/remotes/origin/*';

export class Mirrors {
  readonly #deps: MirrorDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #startedAt: number;

  constructor(deps: MirrorDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
  }

  /** Asks the remote, brings the mirror up to it, and says where the target stands. */
  async fetch(rig: RigRef): Promise<Result<Fetched, Failure>> {
    const looked = await this.#look(rig);
    if (!looked.ok) return looked;
    const targetTip = looked.value.branches.get(rig.target) ?? null;
    return ok({ ...looked.value, targetTip });
  }

  /** As `fetch`, where there is nothing to do without a target. */
  async fetchTarget(rig: RigRef): Promise<Result<Fetched & { targetTip: Commit }, Failure>> {
    const fetched = await this.fetch(rig);
    if (!fetched.ok) return fetched;
    const { targetTip } = fetched.value;
    if (targetTip === null) return err(missingTarget(rig, fetched.value));
    return ok({ ...fetched.value, targetTip });
  }

  /** Where the target stood at the last fetch; asks nobody. */
  async lastKnown(rig: RigRef): Promise<Commit | null> {
    const ref = `refs/remotes/origin/${rig.target}^{commit}`;
    const gitDir = this.#deps.paths.mirror(rig.rig);
    const found = await this.#deps.git.run(['rev-parse', '--verify', '--quiet', ref], {
      gitDir,
      timeoutMs: limits.fetchMs,
    });
    return found.ok ? commitOf(found.out) : null;
  }

  /** M1 */
  #look(rig: RigRef): Promise<Result<Look, Failure>> {
    const key = JSON.stringify([rig.rig, rig.remote]);
    const lane = this.#lanes.get(key) ?? { running: null, next: null };
    this.#lanes.set(key, lane);
    if (lane.next !== null) return lane.next;
    const begin = async (): Promise<Result<Look, Failure>> => {
      lane.next = null;
      const work = this.#refresh(rig);
      lane.running = work;
      try {
        return await work;
      } finally {
        if (lane.running === work) lane.running = null;
      }
    };
    if (lane.running === null) return begin();
    const ended = lane.running.then(
      () => undefined,
      () => undefined,
    );
    lane.next = ended.then(begin);
    return lane.next;
  }

  async #refresh(rig: RigRef): Promise<Result<Look, Failure>> {
    return await caught('job', 'fetch', async () => {
      const listed = await this.#list(rig);
      if (!listed.ok) return listed;
      const gitDir = await this.#ensure(rig, listed.value);
      const { branches, defaultBranch } = listed.value;
      if (same(await this.#refs(gitDir), branches)) return ok({ branches, defaultBranch });
      const failed = await this.#bring(rig, gitDir);
      if (failed !== null) return err(failed);
      // They may be newer than the list by now.
      return ok({ branches: await this.#refs(gitDir), defaultBranch });
    });
  }

  async #list(rig: RigRef): Promise<Result<Look & { format: 'sha1' | 'sha256' }, Failure>> {
    const outcome = await this.#network(rig, null, [
      'ls-remote',
      '--symref',
      '--',
      rig.remote,
      'HEAD',
      'refs/heads/*',
    ]);
    if (!outcome.ok) return err(remoteFailure(rig.remote, outcome));
    const branches = new Map<string, Commit>();
    let defaultBranch: string | null = null;
    for (const line of outcome.out.split('\n')) {
      const [left = '', name = ''] = line.split('\t');
      if (left.startsWith('ref: refs/heads/'))
        defaultBranch = left.slice('ref: refs/heads/'.length);
      else if (name.startsWith('refs/heads/')) branches.set(name.slice(11), commitOf(left));
    }
    const long = [...branches.values()].some((commit) => commit.length === 64);
    return ok({ branches, defaultBranch, format: long ? 'sha256' : 'sha1' });
  }

  async #bring(rig: RigRef, gitDir: string): Promise<Failure | null> {
    const args = [
      'fetch',
      '--quiet',
      '--prune',
      '--no-tags',
      '--no-write-fetch-head',
      '--no-auto-maintenance',
      '--no-recurse-submodules',
      '--',
      rig.remote,
      BRANCHES,
    ];
    let outcome = await this.#network(rig, gitDir, args);
    if (!outcome.ok && isLockHeld(outcome)) {
      await sweepLocks(gitDir, this.#startedAt);
      outcome = await this.#network(rig, gitDir, args);
    }
    return outcome.ok ? null : remoteFailure(rig.remote, outcome);
  }

  async #ensure(rig: RigRef, look: { readonly format: 'sha1' | 'sha256' }): Promise<string> {
    const gitDir = this.#deps.paths.mirror(rig.rig);
    if (existsSync(join(gitDir, 'HEAD'))) return gitDir;
    await initBare(this.#deps.git, gitDir, look.format, null);
    await mkdir(join(gitDir, 'hooks'), { recursive: true });
    const hook = join(gitDir, 'hooks', 'pre-receive');
    await writeFile(hook, refusingHook); // M4
    await chmod(hook, 0o755);
    if (rig.lends !== null) {
      // M3: the best that can be had; what it lacks comes from the remote.
      await this.#network(rig, gitDir, [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-auto-maintenance',
        '--',
        rig.lends,
        '+refs/remotes/*:refs/gastown/lent/*',
      ]);
    }
    return gitDir;
  }

  async #refs(gitDir: string): Promise<Map<string, Commit>> {
    const text = await this.#deps.git.must(
      ['for-each-ref', '--format=%(objectname) %(refname)', 'refs/remotes/origin'],
      { gitDir, timeoutMs: limits.fetchMs, outputBytesMax: REFS_BYTES_MAX },
    );
    const refs = new Map<string, Commit>();
    for (const line of text.split('\n')) {
      const space = line.indexOf(' ');
      if (space === -1) continue;
      const name = line.slice(space + 1 + 'refs/remotes/origin/'.length);
      refs.set(name, commitOf(line.slice(0, space)));
    }
    return refs;
  }

  async #network(rig: RigRef, gitDir: string | null, args: readonly string[]): Promise<GitOutcome> {
    const outcome = await this.#deps.git.run(args, {
      gitDir: gitDir ?? '/dev/null',
      timeoutMs: limits.fetchMs,
      network: true,
      credential: { rig: rig.rig },
      outputBytesMax: REFS_BYTES_MAX,
    });
    if (outcome.truncated) throw new GitFailed(`${args[0] ?? ''} (too much output)`, outcome);
    return outcome;
  }
}

const REFS_BYTES_MAX = 64 * 1024 * 1024;

interface Lane {
  running: Promise<Result<Look, Failure>> | null;
  next: Promise<Result<Look, Failure>> | null;
}

function same(a: ReadonlyMap<string, Commit>, b: ReadonlyMap<string, Commit>): boolean {
  return a.size === b.size && [...b].every(([name, commit]) => a.get(name) === commit);
}

/** Why there is no target: nothing is there at all, or these other branches are. */
export function missingTarget(rig: RigRef, look: Look): Failure {
  const remote = redact(rig.remote);
  if (look.branches.size === 0) return { kind: 'repository_empty', helps: 'person', remote };
  const branches = [...look.branches.keys()].slice(0, 50);
  return { kind: 'target_missing', helps: 'person', remote, target: rig.target, branches };
}
