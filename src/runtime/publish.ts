/**
 * The `publish` job: puts a head on the bead's branch on the remote. What is there only grows.
 *
 * B1 Pushed is only what the guard let pass, and only onto what we know: nothing, the head we
 *    published last, or one of the bead's own that is below the new one. The lease says so again.
 * B2 What is pushed descends from what it replaces, asserted before the push; no push is forced.
 * B3 `published` is said only after looking at the remote: the branch holds the head. What the
 *    push answered proves nothing, so a push whose result was lost is told as published.
 * B4 A branch with another bead's commits is refused, and refused at once ever after.
 */
import { assert } from '../core/assert.ts';
import type { Failure } from '../core/failure.ts';
import { beadId, type Commit } from '../core/ids.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import { guardBranch, unknownCommits } from './branch-guard.ts';
import { publishingHead, recordPublished, recordPublishing, refsOfBead } from './branch-records.ts';
import { caught, pushAnswer } from './git-errors.ts';
import type { GitOutcome } from './git.ts';
import type { Mirrors } from './mirror.ts';
import type { Store, Stores } from './store.ts';

export type PublishSpec = Extract<JobSpec, { readonly kind: 'publish' }>;
type Answer = Extract<JobResult, { readonly kind: 'publish' }>['answer'];
type Step = Result<Answer, Failure>;

export interface BranchDeps {
  readonly mirrors: Mirrors;
  readonly stores: Stores;
}

export async function publishBranch(deps: BranchDeps, spec: PublishSpec): Promise<JobResult> {
  const answer = await caught('job', 'publish', async () => await publish(deps, spec));
  if (!answer.ok) return { kind: 'failed', failure: answer.error };
  return { kind: 'publish', answer: answer.value };
}

async function publish(deps: BranchDeps, spec: PublishSpec): Promise<Step> {
  const { rig, branch, head } = spec;
  const fetched = await deps.mirrors.fetchTarget(rig);
  if (!fetched.ok) return fetched;
  const { targetTip, branches } = fetched.value;
  const store = await deps.stores.open(rig.rig);
  if (!(await store.has(head))) {
    return err(failed('person', 'find the head', `${head} is not in this runner's store`));
  }
  const bead = beadId(spec.bead);
  const guarded = await guardBranch(store, { branch, bead, head, targetTip });
  if (guarded.is === 'contaminated') return ok({ is: 'refused', failure: guarded.failure });
  const before = branches.get(branch) ?? null;
  if (await holds(store, spec, before)) return ok(await published(store, spec));
  if (guarded.commits.length === 0) {
    return ok({ is: 'refused', failure: empty(head, targetTip) });
  }
  const unknown = await unknownCommits(store, { bead, head, targetTip });
  if (unknown.length > 0) {
    return err(failed('person', 'guard', `not recorded for ${bead}: ${unknown.join(' ')}`));
  }
  const stands = await standsWhereKnown(store, spec, before);
  if (stands !== null) return stands;
  await recordPublishing(store, branch, head);
  const pushed = await push(store, spec, before);
  return await lookAfter(deps, store, spec, before, pushed);
}

/**
 * B3: the remote's branch has the head, alone or below what somebody pushed on top. Of a branch
 * we published nothing on, that is so only if we were about to push it.
 */
async function holds(store: Store, spec: PublishSpec, remote: Commit | null): Promise<boolean> {
  const { head, expectedRemoteHead } = spec;
  if (remote === null) return false;
  if (remote === head) return true;
  if (!(await store.isAncestor(head, remote))) return false;
  if (expectedRemoteHead !== null) return await store.isAncestor(expectedRemoteHead, head);
  return (await publishingHead(store, spec.branch)) === head;
}

async function published(store: Store, spec: PublishSpec): Promise<Answer> {
  await recordPublished(store, spec.branch, spec.head);
  return { is: 'published', head: spec.head };
}

/** B1, B2. null: the head may be pushed onto it. */
async function standsWhereKnown(
  store: Store,
  spec: PublishSpec,
  remote: Commit | null,
): Promise<Step | null> {
  const { head, bead, expectedRemoteHead: expected } = spec;
  if (expected === null) {
    if (remote === null) return null;
    const own = (await refsOfBead(store, bead, remote)).length > 0;
    const grows = own && (await store.isAncestor(remote, head));
    return grows ? null : ok({ is: 'taken', remoteHead: remote });
  }
  if (remote === null) return ok({ is: 'gone' });
  if (remote !== expected) return ok({ is: 'moved', remoteHead: remote });
  if (await store.isAncestor(expected, head)) return null;
  // Nobody else moved it: there is nothing to take, and overwriting is not for us.
  const failure: Failure = {
    kind: 'submission_not_descendant',
    helps: 'no',
    head,
    published: expected,
  };
  return ok({ is: 'refused', failure });
}

async function push(store: Store, spec: PublishSpec, before: Commit | null): Promise<GitOutcome> {
  const { rig, head } = spec;
  const grows = before === null || (await store.isAncestor(before, head));
  assert(grows, 'a published branch only grows'); // B2
  const ref = refOf(spec);
  const args = ['push', '--porcelain', '--no-follow-tags', '--recurse-submodules=no'];
  const lease = `--force-with-lease=${ref}:${before ?? ''}`; // B1
  return await store.run([...args, lease, '--', rig.remote, `${head}:${ref}`], {
    network: true,
    timeoutMs: limits.pushMs,
  });
}

/** B3 */
async function lookAfter(
  deps: BranchDeps,
  store: Store,
  spec: PublishSpec,
  before: Commit | null,
  pushed: GitOutcome,
): Promise<Step> {
  const fetched = await deps.mirrors.fetchTarget(spec.rig);
  if (!fetched.ok) return fetched;
  const after = fetched.value.branches.get(spec.branch) ?? null;
  if (await holds(store, spec, after)) return ok(await published(store, spec));
  if (after !== null && after !== before) {
    const is = spec.expectedRemoteHead === null ? 'taken' : 'moved';
    return ok({ is, remoteHead: after });
  }
  const answer = pushAnswer(spec.rig.remote, refOf(spec), pushed);
  if (answer.is === 'refused') return ok({ is: 'refused', failure: answer.failure });
  if (answer.is === 'failed' && !pushed.ok) return err(answer.failure);
  return err(failed('later', 'the branch did not move after the push', pushed.stderr));
}

function refOf(spec: PublishSpec): string {
  return `refs/heads/${spec.branch}`;
}

function empty(head: Commit, base: Commit): Failure {
  return { kind: 'submission_empty', helps: 'no', base, head };
}

function failed(helps: 'later' | 'person', step: string, output: string): Failure {
  return { kind: 'job_failed', helps, job: 'publish', step, output };
}
