/**
 * Merging by git: a merge commit, one squashed commit, or the commits rebased, each written with
 * plumbing and published by moving the base branch from where it was.
 *
 * M1 The order of refusals is the provider's: closed, moved head, draft, method, queue, conflict,
 *    rules. M2 The base moves only from the tip the merge was made on.
 */
import { Refused, type MergeWish, type User } from './model.ts';
import type { Pull } from './pull.ts';

export async function makeMerge(pull: Pull, by: User, wish: MergeWish): Promise<string> {
  const { repo } = pull;
  const base = repo.refs.get(pull.baseRef);
  if (base === undefined) throw new Refused('branch_gone', 'the base branch was deleted');
  await refuse(pull, wish); // M1
  const method = wish.method ?? repo.mergeMethods[0] ?? 'merge';
  const sha = await commitFor(pull, by, { ...wish, method }, base);
  if (sha === null) throw new Refused('conflict', 'it does not merge cleanly');
  if (!(await repo.git.moveBranch(pull.baseRef, sha, base))) {
    throw new Refused('base_moved', 'Base branch was modified. Review and try the merge again.');
  }
  return sha;
}

/** The base is merged into the head, as the button "update branch" does. */
export async function updateBranch(pull: Pull, by: User, how: 'merge' | 'rebase'): Promise<string> {
  const { git } = pull.repo;
  const base = pull.repo.refs.get(pull.baseRef);
  if (base === undefined) throw new Refused('branch_gone', 'the base branch was deleted');
  if (await git.contains(base, pull.headSha)) {
    throw new Refused('up_to_date', 'There are no new commits on the base branch.');
  }
  const who = pull.repo.signature(by);
  const sha =
    how === 'rebase'
      ? await git.rebased(base, pull.headSha, who)
      : await mergeCommit(pull, {
          ours: pull.headSha,
          theirs: base,
          who,
          message: `Merge branch '${pull.baseRef}' into ${pull.headRef}`,
        });
  if (sha === null) throw new Refused('conflict', 'merge conflict between base and head');
  await pull.headRepo.git.moveBranch(pull.headRef, sha, pull.headSha);
  await pull.headRepo.sync(by);
  return sha;
}

async function refuse(pull: Pull, wish: MergeWish): Promise<void> {
  const { repo } = pull;
  if (repo.archived) throw new Refused('archived', 'Repository was archived so is read-only.');
  if (pull.state !== 'open') throw new Refused('not_open', 'Pull Request is not mergeable');
  if (wish.expectedHead !== undefined && wish.expectedHead !== pull.headSha) {
    throw new Refused('head_moved', 'Head branch was modified. Review and try the merge again.');
  }
  if (pull.draft) throw new Refused('draft', 'Pull Request is still a draft');
  if (wish.method !== undefined && !repo.mergeMethods.includes(wish.method)) {
    throw new Refused('method', `${wish.method} merges are not allowed on this repository.`);
  }
  if (wish.bypass !== true && repo.protections.get(pull.baseRef)?.mergeQueue === true) {
    throw new Refused('queue_required', 'Changes must be made through the merge queue');
  }
  if ((await pull.mergesCleanly()) === 'conflicting') {
    throw new Refused('conflict', 'Pull Request is not mergeable');
  }
  if (wish.bypass === true) return;
  const { blockers, checksFailed, checksPending } = await pull.standing();
  const real = blockers.filter((blocker) => blocker !== 'computing');
  if (real.length === 0) return;
  const checks = [...checksFailed, ...checksPending];
  throw new Refused(
    'blocked',
    `${real.join(',')}${checks.length > 0 ? ` ${checks.join(',')}` : ''}`,
  );
}

async function commitFor(
  pull: Pull,
  by: User,
  wish: MergeWish,
  base: string,
): Promise<string | null> {
  const { repo } = pull;
  const who = repo.signature(by);
  if (wish.method === 'rebase') return await repo.git.rebased(base, pull.headSha, who);
  if (wish.method === 'merge') {
    const title =
      wish.title ?? `Merge pull request #${pull.number} from ${repo.owner.login}/${pull.headRef}`;
    const message = joined(title, wish.message ?? pull.title);
    return await mergeCommit(pull, { ours: base, theirs: pull.headSha, who, message });
  }
  const tree = await repo.git.mergedTree(base, pull.headSha);
  if (tree === null) return null;
  const message = joined(wish.title ?? `${pull.title} (#${pull.number})`, wish.message ?? '');
  const author = { ...repo.signature(pull.author), at: who.at };
  return await repo.git.makeCommit(tree, [base], message, author, who);
}

async function mergeCommit(
  pull: Pull,
  of: {
    ours: string;
    theirs: string;
    who: ReturnType<Pull['repo']['signature']>;
    message: string;
  },
): Promise<string | null> {
  const { git } = pull.repo;
  const tree = await git.mergedTree(of.ours, of.theirs);
  if (tree === null) return null;
  return await git.makeCommit(tree, [of.ours, of.theirs], of.message, of.who, of.who);
}

function joined(title: string, body: string): string {
  return body === '' ? title : `${title}\n\n${body}`;
}
