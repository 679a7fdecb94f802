/**
 * Pull requests that somebody else opened and the town takes on: what they are to it. Pure.
 *
 * A1 A branch in a fork is never pushed to, whatever was agreed. A2 Nothing is repaired where
 *    that was not agreed to: the author goes on, and what they push is judged.
 */
import { oneLine } from './quote.ts';
import { limits } from './limits.ts';
import type { MergeRequest } from './merge-request.ts';
import type { ForgeProvider, PullRequestSnapshot } from './pull-request.ts';

/** Its head is in another repository, or in one that is gone. */
export function isFork({ headProject, ref }: PullRequestSnapshot): boolean {
  return headProject?.toLowerCase() !== ref.project.path.toLowerCase();
}

/** The branch as the town names it. A colon is in no branch: it can never be pushed. A1 */
export function adoptedBranch(snapshot: PullRequestSnapshot): string {
  const { headProject, headBranch } = snapshot;
  return isFork(snapshot) ? `${headProject ?? 'deleted'}:${headBranch}` : headBranch;
}

/** Where the repository itself shows the head of a fork; null for a branch of its own. */
export function forkRefOf({ adopted, snapshot }: MergeRequest): string | null {
  if (!adopted || snapshot === null || !isFork(snapshot)) return null;
  return refs[snapshot.ref.project.provider](snapshot.ref.number);
}

const refs: Readonly<Record<ForgeProvider, (number: number) => string>> = {
  github: (number) => `refs/pull/${number}/head`,
  gitea: (number) => `refs/pull/${number}/head`,
  gitlab: (number) => `refs/merge-requests/${number}/head`,
};

/** Whether work of ours may be pushed to its branch, and why not. */
export type Repairs = 'agreed' | 'not_agreed' | 'fork';

/** A1, A2 */
export function repairsOf(request: MergeRequest): Repairs {
  if (request.repairs) return 'agreed';
  return forkRefOf(request) === null ? 'not_agreed' : 'fork';
}

/** Its title is data, as long as a bead's may be. */
export function adoptedTitle({ title, ref }: PullRequestSnapshot): string {
  const line = oneLine(title, limits.beadTitleCharsMax);
  return line === '' ? `Pull request ${ref.number}` : line;
}

export function adoptedBody({ author, ref }: PullRequestSnapshot): string {
  return (
    `Adopted from ${ref.url}, opened by ${oneLine(author, 100)}. The change is on its branch ` +
    'already; what is to be done is what its checks and reviewers still ask for, and no more.'
  );
}
