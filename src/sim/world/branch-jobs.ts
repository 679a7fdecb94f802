/**
 * What the jobs on a pull request's branch do in the modelled world: publish, update, take, prove.
 * Each can be run twice.
 *
 * W1 `killed` means: the effect happened, the runner died before it could say so.
 * W2 A branch is moved by the town only from where the town knows it to be, and only forward.
 * W3 Another bead's patch on a branch is refused, and the branch is refused ever after.
 */
import type { Failure } from '../../core/failure.ts';
import type { Commit } from '../../core/ids.ts';
import type { JobResult, JobSpec } from '../../core/job.ts';
import { conflict, jobFailed, pushRefused } from './failures.ts';
import type { ModelGit, Remote } from './git.ts';
import type { ModelRunner } from './runner.ts';

type Spec<K extends JobSpec['kind']> = Extract<JobSpec, { readonly kind: K }>;
type Publish = Spec<'publish'>;

export function publish(runner: ModelRunner, remote: Remote, spec: Publish): JobResult | 'killed' {
  const { faults, git, runnerRandom } = runner.world;
  const { branch, head } = spec;
  if (!git.has(head)) return { kind: 'failed', failure: jobFailed('publish', `no commit ${head}`) };
  const foreign = contaminated(git, remote, branch, spec.bead, head);
  if (foreign !== null) return { kind: 'publish', answer: { is: 'refused', failure: foreign } };
  const there = remote.branches.get(branch) ?? null;
  if (there === head) return { kind: 'publish', answer: { is: 'published', head } };
  if (git.isAncestor(head, remote.tip)) {
    const failure: Failure = { kind: 'submission_empty', helps: 'no', base: remote.tip, head };
    return { kind: 'publish', answer: { is: 'refused', failure } };
  }
  const elsewhere = standsElsewhere(git, spec, there);
  if (elsewhere !== null) return elsewhere;
  if (faults.happens('push_rejected')) {
    const failure = pushRefused(remote.rig, runnerRandom.chance(500) ? 'later' : 'person');
    return { kind: 'publish', answer: { is: 'refused', failure } };
  }
  git.pushBranch(remote, branch, head, there);
  if (faults.happens('push_result_lost')) return 'killed';
  return { kind: 'publish', answer: { is: 'published', head } };
}

/** W2. null: the head may be put there. */
function standsElsewhere(git: ModelGit, spec: Publish, there: Commit | null): JobResult | null {
  const { head, expectedRemoteHead: expected } = spec;
  if (there === expected) {
    if (expected === null || git.isAncestor(expected, head)) return null;
    const failure: Failure = {
      kind: 'submission_not_descendant',
      helps: 'no',
      head,
      published: expected,
    };
    return { kind: 'publish', answer: { is: 'refused', failure } };
  }
  if (there === null) return { kind: 'publish', answer: { is: 'gone' } };
  if (expected !== null) return { kind: 'publish', answer: { is: 'moved', remoteHead: there } };
  const owned = git.get(there).brings.some((id) => git.patchOf(id).owner === spec.bead);
  if (owned && git.isAncestor(there, head)) return null;
  return { kind: 'publish', answer: { is: 'taken', remoteHead: there } };
}

export function update(git: ModelGit, remote: Remote, spec: Spec<'update'>): JobResult {
  const { head } = spec;
  const { tip: targetTip } = remote;
  if (!git.has(head)) return { kind: 'failed', failure: jobFailed('update', `no commit ${head}`) };
  if (git.isAncestor(targetTip, head) || git.isAncestor(head, targetTip)) {
    return { kind: 'update', answer: { is: 'current', targetTip } };
  }
  const files = git.overlap(git.between(targetTip, head), git.between(head, targetTip));
  if (files.length > 0) {
    const failure = conflict(spec.rig.target, files);
    return { kind: 'update', answer: { is: 'conflict', failure, targetTip } };
  }
  const made = git.commit([head, targetTip], []);
  return { kind: 'update', answer: { is: 'updated', head: made, targetTip } };
}

export function take(git: ModelGit, remote: Remote, spec: Spec<'take'>): JobResult {
  const { branch, head, published, bead, from } = spec;
  const { tip } = remote;
  const there = from === undefined ? remote.branches.get(branch) : remote.refs.get(from);
  if (there !== head) {
    const failure = jobFailed('take', `${from ?? branch} is not at ${head}`);
    return { kind: 'failed', failure };
  }
  const foreign = contaminated(git, remote, branch, bead, head);
  if (foreign !== null) return { kind: 'take', answer: { is: 'refused', failure: foreign } };
  const { patches } = git.get(head);
  const sameWork = git.between(tip, published).every(({ id }) => patches.has(id));
  if (!git.isAncestor(published, head) && !sameWork) {
    const failure: Failure = { kind: 'branch_taken', helps: 'person', branch, remoteHead: head };
    return { kind: 'take', answer: { is: 'refused', failure } };
  }
  const theirs = git.between(tip, head).filter(({ owner }) => owner !== bead);
  const strangers = [...new Set(theirs.map(({ owner }) => owner))];
  return { kind: 'take', answer: { is: 'taken', head, strangers } };
}

export function prove(git: ModelGit, remote: Remote, spec: Spec<'prove'>): JobResult {
  const { tip: targetTip } = remote;
  const commit = spec.commits.find((one) => git.isAncestor(one, targetTip));
  if (commit === undefined) return { kind: 'prove', answer: { is: 'not_there', targetTip } };
  return { kind: 'prove', answer: { is: 'landed', commit, targetTip } };
}

/** W3 */
function contaminated(
  git: ModelGit,
  remote: Remote,
  branch: string,
  bead: string,
  head: Commit,
): Failure | null {
  const theirs = git
    .between(remote.tip, head)
    .filter(({ owner }) => owner !== bead && !owner.startsWith('stranger-'));
  const first = theirs[0];
  if (first === undefined && !remote.doNotReuse.has(branch)) return null;
  remote.doNotReuse.add(branch);
  const commits = theirs.map(({ id }) => id);
  const of = first?.owner ?? '';
  return { kind: 'branch_contaminated', helps: 'person', branch, commits, of };
}
