/**
 * The guard of a bead's branch, asked before it is published and before what others pushed to it
 * is taken in.
 *
 * G1 Every commit that the target lacks is the bead's own, the system's, or a stranger's that was
 *    taken in; a merge that only brings in the target is the system's whoever made it.
 * G2 A commit of another bead, or a copy of one, marks the branch for ever: it is never published
 *    again, whatever is done to it.
 */
import type { BeadId, Commit } from '../core/ids.ts';
import { commitOf } from '../core/ids.ts';
import {
  contamination,
  markContaminated,
  refsOfBead,
  type Contaminated,
} from './branch-records.ts';
import { foreignCommits } from './foreign.ts';
import type { Store } from './store.ts';

export interface BranchHead {
  readonly branch: string;
  readonly bead: BeadId;
  readonly head: Commit;
  readonly targetTip: Commit;
}

export type Guarded =
  | { readonly is: 'clean'; readonly commits: readonly Commit[] }
  | { readonly is: 'contaminated'; readonly failure: Contaminated };

/** G2. `commits` are those the target lacks, newest first. */
export async function guardBranch(store: Store, at: BranchHead): Promise<Guarded> {
  const { branch, bead, head, targetTip } = at;
  const marked = await contamination(store, branch);
  if (marked !== null) return { is: 'contaminated', failure: marked };
  const commits = (await store.lines(['rev-list', head, `^${targetTip}`])).map(commitOf);
  const foreign = await foreignCommits(store, bead, commits, targetTip);
  if (foreign === null) return { is: 'clean', commits };
  const { commits: theirs, of } = foreign;
  const failure: Contaminated = {
    kind: 'branch_contaminated',
    helps: 'person',
    branch,
    commits: theirs,
    of,
  };
  await markContaminated(store, failure);
  return { is: 'contaminated', failure };
}

/** Commits the target lacks that nobody handed in, made or took in for this bead. G1 */
export async function unknownCommits(
  store: Store,
  at: Omit<BranchHead, 'branch'>,
): Promise<readonly Commit[]> {
  const { bead, head, targetTip } = at;
  const known = (await refsOfBead(store, bead)).map((ref) => `^${ref}`);
  const args = ['rev-list', '--parents', head, `^${targetTip}`, ...known];
  const unknown: Commit[] = [];
  for (const line of await store.lines(args)) {
    const [commit = '', , ...others] = line.split(' ');
    if (!(await bringsTarget(store, others, targetTip))) unknown.push(commitOf(commit));
  }
  return unknown;
}

/** G1: `others` are the parents of a merge besides its first. */
async function bringsTarget(
  store: Store,
  others: readonly string[],
  targetTip: Commit,
): Promise<boolean> {
  for (const parent of others) {
    if (!(await store.isAncestor(commitOf(parent), targetTip))) return false;
  }
  return others.length > 0;
}
