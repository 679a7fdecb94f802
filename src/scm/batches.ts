/**
 * Reading many pull requests of REST forges: a list per repository, one outcome per target in the
 * order they were asked for, and heads compared at the end.
 *
 * B1 A snapshot is one head: what was read around a move of it is unknown.
 * B2 When the host or the credential fails, the others are not tried: their answer is the same.
 */
import { limits } from '../core/limits.ts';
import type { Commit } from '../core/ids.ts';
import type { PRStatusOutcome } from '../core/pr-status.ts';
import type { PullRequestRef, PullRequestSnapshot } from '../core/pull-request.ts';
import { isOfTheHost, notThere } from './absent.ts';
import type { RestCall } from './rest-api.ts';

export type ReadBatch = (
  call: RestCall,
  targets: readonly PullRequestRef[],
) => Promise<readonly PRStatusOutcome[]>;

export async function inBatches(
  call: RestCall,
  targets: readonly PullRequestRef[],
  read: ReadBatch,
): Promise<readonly PRStatusOutcome[]> {
  const outcomes = new Map<number, PRStatusOutcome>();
  for (const { project, indexes } of byProject(targets)) {
    for (let start = 0; start < indexes.length; start += limits.pullsPerRead) {
      const some = indexes.slice(start, start + limits.pullsPerRead);
      const batch = some.flatMap((index) => targets[index] ?? []);
      const seen = await read({ ...call, project }, batch);
      for (const [at, index] of some.entries()) {
        const outcome = seen[at];
        if (outcome !== undefined) outcomes.set(index, outcome);
      }
    }
  }
  return targets.map(
    (_, index) => outcomes.get(index) ?? { ok: false, error: notThere(call, 'visible') },
  );
}

interface Group {
  readonly project: PullRequestRef['project'];
  readonly indexes: readonly number[];
}

function byProject(targets: readonly PullRequestRef[]): readonly Group[] {
  const paths = [...new Set(targets.map(({ project }) => project.path))];
  return paths.flatMap((path) => {
    const indexes = [...targets.keys()].filter((index) => targets[index]?.project.path === path);
    const project = targets[indexes[0] ?? 0]?.project;
    return project === undefined ? [] : [{ project, indexes }];
  });
}

/** B2 */
export async function oneByOne(
  targets: readonly PullRequestRef[],
  read: (target: PullRequestRef) => Promise<PRStatusOutcome>,
): Promise<readonly PRStatusOutcome[]> {
  const outcomes: PRStatusOutcome[] = [];
  for (const target of targets) {
    const last = outcomes.at(-1);
    const isDown = last?.ok === false && isOfTheHost(last.error);
    outcomes.push(isDown ? last : await read(target));
  }
  return outcomes;
}

/** The numbers of those that are open, whose heads are worth another look. */
export function openIn(outcomes: readonly PRStatusOutcome[]): readonly number[] {
  return outcomes.flatMap((one) =>
    one.ok && one.result.state === 'open' ? [one.result.ref.number] : [],
  );
}

/** B1. A head that could not be seen again counts as moved. */
export function boundTo(
  heads: ReadonlyMap<number, Commit>,
  outcomes: readonly PRStatusOutcome[],
): readonly PRStatusOutcome[] {
  return outcomes.map((one) => {
    if (!one.ok || one.result.state !== 'open') return one;
    const isSame = heads.get(one.result.ref.number) === one.result.head;
    return isSame ? one : { ok: true, result: afterMove(one.result) };
  });
}

/** Threads are about the pull request, the others about a head. */
function afterMove(snapshot: PullRequestSnapshot): PullRequestSnapshot {
  const moved = { is: 'unknown', why: 'head_moved' } as const;
  return { ...snapshot, mergeability: moved, mergeableNow: false, checks: moved, review: moved };
}
