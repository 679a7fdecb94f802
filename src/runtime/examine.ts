/**
 * The `fetch` job: looks at a rig's repository and says, check by check, whether work can land
 * there, and what the repository needs before its tests can run.
 *
 * X1 Checks stand in order: reachable, target, push, prefix, checkout; one that cannot be made
 *    because an earlier one failed is left out. The first failure is the rig's.
 * X2 Nothing is written to the remote but, when asked for, the target branch that is missing.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import type { Commit } from '../core/ids.ts';
import type { JobResult, JobSpec, RigCheck, RigReport } from '../core/job.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { targetCheckedOut } from './checked-out.ts';
import type { Detection, ListDirectory, ReadFile } from './detect.ts';
import { caught, pushAnswer, redact } from './git-errors.ts';
import { shown, splitZ, type Git } from './git.ts';
import { missingTarget, type Fetched, type Look, type Mirrors } from './mirror.ts';
import type { RunnerPaths } from './paths.ts';
import { localPath, openRepository } from './source.ts';
import { pullTemplate } from './pull-template.ts';
import { Store } from './store.ts';

export type ExamineSpec = Extract<JobSpec, { readonly kind: 'fetch' }>;

export interface ExamineDeps {
  readonly git: Git;
  readonly paths: RunnerPaths;
  readonly mirrors: Mirrors;
  readonly detect: (read: ReadFile, list: ListDirectory) => Promise<Detection>;
}

const FILE_BYTES_MAX = 1024 * 1024;

export async function examineRig(deps: ExamineDeps, spec: ExamineSpec): Promise<JobResult> {
  const report = await caught('job', 'fetch', async () => ok(await examine(deps, spec)));
  if (!report.ok) return { kind: 'failed', failure: report.error };
  return { kind: 'fetch', report: report.value };
}

async function examine(deps: ExamineDeps, spec: ExamineSpec): Promise<RigReport> {
  const { rig } = spec;
  const checks: RigCheck[] = [];
  const note = (name: RigCheck['name'], failure: Failure | null): void => {
    checks.push({ name, passed: failure === null, failure });
  };
  let fetched = await deps.mirrors.fetch(rig);
  note('reachable', fetched.ok ? null : fetched.error);
  if (fetched.ok && fetched.value.targetTip === null && spec.createTargetFrom !== null) {
    const made = await createTarget(deps, spec, spec.createTargetFrom, fetched.value);
    if (made.ok) fetched = await deps.mirrors.fetch(rig);
    else note('target', made.error);
  }
  if (!fetched.ok) return reportOf(spec, null, null, checks);
  const look = fetched.value;
  const { targetTip, defaultBranch } = look;
  if (checks.length === 1) note('target', targetTip === null ? missingTarget(rig, look) : null);
  if (targetTip !== null) note('push', await pushRight(deps, spec, targetTip));
  note('prefix', prefixTaken(spec.branchPrefix, look));
  note('checkout', await checkoutFailure(deps, spec));
  const found = targetTip === null ? null : await detected(deps, spec, targetTip);
  return reportOf(spec, { targetTip, defaultBranch }, found, checks);
}

function reportOf(
  spec: ExamineSpec,
  look: Pick<Fetched, 'targetTip' | 'defaultBranch'> | null,
  found: Found | null,
  checks: readonly RigCheck[],
): RigReport {
  return {
    remote: redact(spec.rig.remote),
    targetTip: look?.targetTip ?? null,
    defaultBranch: look?.defaultBranch ?? null,
    setup: found?.setup ?? [],
    gates: found?.gates ?? [],
    detectedFrom: found?.detectedFrom ?? [],
    pullTemplate: found?.pullTemplate ?? null,
    checks,
  };
}

/** X2: from another branch, and only while it does not exist. */
async function createTarget(
  deps: ExamineDeps,
  spec: ExamineSpec,
  from: string,
  look: Look,
): Promise<Result<void, Failure>> {
  const { rig } = spec;
  const start = look.branches.get(from);
  if (start === undefined) return err(missingTarget({ ...rig, target: from }, look));
  const ref = `refs/heads/${rig.target}`;
  const args = ['push', '--porcelain', '--no-follow-tags', `--force-with-lease=${ref}:`];
  const pushed = await deps.git.run([...args, '--', rig.remote, `${start}:${ref}`], {
    gitDir: deps.paths.mirror(rig.rig),
    network: true,
    credential: { rig: rig.rig },
    timeoutMs: limits.pushMs,
  });
  if (pushed.ok) return ok(undefined);
  const answer = pushAnswer(rig.remote, ref, pushed);
  return answer.is === 'moved' ? ok(undefined) : err(answer.failure);
}

/** A push that stops short of writing: the remote says whether we might. */
async function pushRight(
  deps: ExamineDeps,
  spec: ExamineSpec,
  tip: Commit,
): Promise<Failure | null> {
  const { rig } = spec;
  const ref = `refs/heads/${spec.branchPrefix}/${rig.tag}/probe`;
  const args = ['push', '--dry-run', '--porcelain', '--no-follow-tags', '--'];
  const pushed = await deps.git.run([...args, rig.remote, `${tip}:${ref}`], {
    gitDir: deps.paths.mirror(rig.rig),
    network: true,
    credential: { rig: rig.rig },
    timeoutMs: limits.pushMs,
  });
  if (!pushed.ok) {
    const answer = pushAnswer(rig.remote, ref, pushed);
    if (answer.is !== 'moved') return asPermission(answer.failure, ref);
  }
  return await unwritablePath(deps, rig.remote, ref);
}

/** It could be read a moment ago: whoever asks for a login now asks for the right to write. */
function asPermission(failure: Failure, ref: string): Failure {
  if (failure.kind !== 'remote_needs_login' && failure.kind !== 'remote_not_found') return failure;
  const { kind: _, ...rest } = failure;
  return { kind: 'push_refused', ...rest, ref, cause: 'permission' };
}

/** A dry run does not open a file on a local remote for writing. */
async function unwritablePath(
  deps: ExamineDeps,
  remote: string,
  ref: string,
): Promise<Failure | null> {
  const path = localPath(remote);
  if (path === null) return null;
  const repository = await openRepository(deps.git, path);
  if (!repository.ok) return repository.error;
  const { gitDir } = repository.value;
  const folders = [join(gitDir, 'objects'), join(gitDir, 'refs', 'heads')];
  const refused = await Promise.all(folders.map((folder) => access(folder, constants.W_OK))).then(
    () => null,
    (error: unknown) => String(error),
  );
  if (refused === null) return null;
  const base = { kind: 'push_refused', helps: 'person', remote: redact(remote) } as const;
  return { ...base, ref, cause: 'permission', output: refused };
}

/** A branch `gt` leaves no room for `gt/…`. */
function prefixTaken(prefix: string, look: Look): Failure | null {
  const parts = prefix.split('/');
  const heads = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  const ref = heads.find((name) => look.branches.has(name));
  if (ref === undefined) return null;
  return { kind: 'branch_prefix_taken', helps: 'person', prefix, ref };
}

async function checkoutFailure(deps: ExamineDeps, spec: ExamineSpec): Promise<Failure | null> {
  const { remote, target } = spec.rig;
  const checkout = await targetCheckedOut(deps.git, remote, target);
  if (checkout === null || spec.updateCheckout) return null;
  return { kind: 'target_checked_out', helps: 'person', path: checkout.path, target };
}

type Found = Detection & { readonly pullTemplate: string | null };

async function detected(deps: ExamineDeps, spec: ExamineSpec, tip: Commit): Promise<Found> {
  const store = new Store(deps.git, deps.paths.mirror(spec.rig.rig), spec.rig.rig);
  const read: ReadFile = async (path) => {
    const found = await store.run(['cat-file', 'blob', `${tip}:${path}`], {
      outputBytesMax: FILE_BYTES_MAX,
    });
    return found.ok && !found.truncated ? found.bytes.toString('utf8') : null;
  };
  const list: ListDirectory = async (directory) => {
    const from = directory === '' ? tip : `${tip}:${directory}`;
    const found = await store.run(['ls-tree', '--name-only', '-z', from]);
    return found.ok ? splitZ(found.bytes).map(shown) : [];
  };
  const [detection, template] = [await deps.detect(read, list), await pullTemplate(read, list)];
  return { ...detection, pullTemplate: template };
}
