/**
 * What a job does in the modelled world, at the instant it ends: fetch, build, gate, push.
 * Each can be run twice; `push` asks first whether its commit is already there.
 *
 * W1 `killed` means: the effect happened, the runner died before it could say so.
 */
import type { Commit } from '../../core/ids.ts';
import type { Candidate, GateReport, GateResult, JobResult, JobSpec } from '../../core/job.ts';
import { unreachable as never } from '../../core/assert.ts';
import { prove, publish, take, update } from './branch-jobs.ts';
import { conflict, jobFailed, pushRefused, setupFailed, unreachable } from './failures.ts';
import type { ModelGit, Remote } from './git.ts';
import type { ModelRunner } from './runner.ts';

type Spec<K extends JobSpec['kind']> = Extract<JobSpec, { readonly kind: K }>;

export function runJob(runner: ModelRunner, spec: JobSpec): JobResult | 'killed' {
  const remote = runner.world.git.remoteAt(spec.rig.rig, spec.rig.remote);
  switch (spec.kind) {
    case 'fetch':
      return fetch(remote, spec);
    case 'build':
      return remote.unreachable ? offline(remote) : build(runner, remote, spec);
    case 'gate':
      return gate(runner, remote, spec);
    case 'push':
      return remote.unreachable ? offline(remote) : push(runner, remote, spec);
    case 'publish':
      return remote.unreachable ? offline(remote) : publish(runner, remote, spec);
    case 'update':
      return remote.unreachable ? offline(remote) : update(runner.world.git, remote, spec);
    case 'take':
      return remote.unreachable ? offline(remote) : take(runner.world.git, remote, spec);
    case 'prove':
      return remote.unreachable ? offline(remote) : prove(runner.world.git, remote, spec);
    default:
      return never(spec);
  }
}

function offline(remote: Remote): JobResult {
  return { kind: 'failed', failure: unreachable(remote.rig) };
}

function fetch(remote: Remote, spec: Spec<'fetch'>): JobResult {
  const reachable = !remote.unreachable;
  const failure = reachable ? null : unreachable(remote.rig);
  return {
    kind: 'fetch',
    report: {
      remote: spec.rig.remote,
      targetTip: reachable ? remote.tip : null,
      defaultBranch: reachable ? spec.rig.target : null,
      setup: [],
      gates: [],
      detectedFrom: [],
      pullTemplate: null,
      checks: [
        { name: 'reachable', passed: reachable, failure },
        ...(reachable ? [{ name: 'target', passed: true, failure: null } as const] : []),
        ...(reachable ? [{ name: 'push', passed: true, failure: null } as const] : []),
      ],
    },
  };
}

function build(runner: ModelRunner, remote: Remote, spec: Spec<'build'>): JobResult {
  const { git } = runner.world;
  const { tip } = remote;
  const { stored, head } = spec;
  const landed = (by: 'candidate' | 'head', commit: Commit): JobResult => ({
    kind: 'build',
    answer: { is: 'landed', by, commit, targetTip: tip },
  });
  if (stored !== null && git.isAncestor(stored.commit, tip))
    return landed('candidate', stored.commit);
  if (head !== null && git.isAncestor(head, tip)) return landed('head', head);
  if (stored !== null && stored.targetTip === tip && stored.head === head) {
    return built(stored, true, false);
  }
  const made = head === null ? revert(runner, remote, spec) : merge(git, tip, head, spec.method);
  if (made === 'empty') return { kind: 'build', answer: { is: 'empty', targetTip: tip } };
  if (typeof made !== 'string') {
    const failure = conflict(spec.rig.target, made.files);
    return { kind: 'build', answer: { is: 'conflict', failure, targetTip: tip } };
  }
  const overlap =
    stored === null ||
    git.overlap(git.between(tip, made), git.between(stored.targetTip, tip)).length > 0;
  const base = { commit: made, targetTip: tip, head: head ?? made, method: spec.method };
  return built(base, false, overlap);
}

function built(candidate: Candidate, reused: boolean, overlap: boolean): JobResult {
  return { kind: 'build', answer: { is: 'built', candidate, reused, overlap } };
}

type Made = Commit | 'empty' | { readonly files: readonly string[] };

function merge(git: ModelGit, tip: Commit, head: Commit, method: Candidate['method']): Made {
  const ours = git.between(tip, head);
  if (ours.length === 0) return 'empty';
  const files = git.overlap(ours, git.between(head, tip));
  if (files.length > 0) return { files };
  if (method === 'merge') return git.commit([tip, head], []);
  return git.commit(
    [tip],
    ours.map((patch) => patch.id),
  );
}

/** Takes a landed commit back; what it takes back stays in the history. */
function revert(runner: ModelRunner, remote: Remote, spec: Spec<'build'>): Made {
  const { git } = runner.world;
  const id = undoOf(spec.reverts?.after ?? null);
  if (git.get(remote.tip).patches.has(id)) return 'empty';
  git.patch({ id, owner: id, index: 1, paths: [], breaks: [] });
  return git.commit([remote.tip], [id]);
}

function undoOf(landed: string | null): string {
  return `undo:${landed ?? 'nothing'}`;
}

function gate(runner: ModelRunner, remote: Remote, spec: Spec<'gate'>): JobResult {
  const { faults, git, runnerRandom } = runner.world;
  if (!git.has(spec.commit)) {
    return { kind: 'failed', failure: jobFailed('gate', `no commit ${spec.commit}`) };
  }
  const report = (result: GateResult, note: string | null, flaky = false): GateReport => ({
    gate: spec.gate.name,
    command: spec.gate.command,
    commit: spec.commit,
    result,
    flaky,
    exitCode: result === 'passed' ? 0 : result === 'timed_out' ? null : 1,
    output: result,
    durationMs: 1000,
    note,
  });
  if (faults.happens('setup_failure')) {
    return { kind: 'gate', report: report('could_not_run', 'setup failed'), setup: setupFailed() };
  }
  if (faults.mayHappen('target_moved_during_gates') && runner.world.strangerPushes(remote.rig)) {
    faults.count('target_moved_during_gates');
  }
  if (faults.happens('gate_could_not_run')) {
    const result = runnerRandom.pick(['could_not_run', 'ran_nothing', 'timed_out'] as const);
    return { kind: 'gate', report: report(result, 'exit 127'), setup: null };
  }
  const passes = git.passes(spec.commit, spec.gate.name);
  if (passes && faults.happens('gate_flaky')) {
    const flaky = runnerRandom.chance(500) ? report('passed', null, true) : report('failed', null);
    return { kind: 'gate', report: flaky, setup: null };
  }
  return { kind: 'gate', report: report(passes ? 'passed' : 'failed', null), setup: null };
}

function push(runner: ModelRunner, remote: Remote, spec: Spec<'push'>): JobResult | 'killed' {
  const { faults, git, runnerRandom } = runner.world;
  const { candidate } = spec;
  const landed = (): JobResult => ({
    kind: 'push',
    answer: { is: 'landed', commit: candidate.commit, targetTip: remote.tip },
  });
  if (git.isAncestor(candidate.commit, remote.tip)) return landed();
  if (remote.tip !== candidate.targetTip) {
    return { kind: 'push', answer: { is: 'moved', targetTip: remote.tip } };
  }
  if (faults.happens('push_rejected')) {
    const failure = pushRefused(remote.rig, runnerRandom.chance(500) ? 'later' : 'person');
    return { kind: 'push', answer: { is: 'refused', failure } };
  }
  git.push(remote, candidate.commit, candidate.targetTip, 'town');
  return faults.happens('push_result_lost') ? 'killed' : landed();
}
