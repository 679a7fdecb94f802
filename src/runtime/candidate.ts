/**
 * The `build` job: the commit that would land, made in the store from the freshly fetched target
 * and the submission.
 *
 * C1 It fetches first, and first asks whether the stored candidate, or the head itself, is in the
 *    target already: a landing whose result was lost is recognised, never repeated or bounced.
 * C2 The same inputs give the same commit, so a build can be killed and repeated anywhere.
 * C3 A candidate always has the target tip it was built on among its ancestors: pushing it is a
 *    fast-forward.
 * C4 No work tree, and no git directory an agent can write.
 */
import type { Failure } from '../core/failure.ts';
import type { Commit } from '../core/ids.ts';
import type { Candidate, JobResult, JobSpec, Landed } from '../core/job.ts';
import type { Author } from '../core/launch-spec.ts';
import { err, ok, type Result } from '../core/result.ts';
import { caught } from './git-errors.ts';
import { applyChange, commitTree, laterDate, mergeCommits } from './merge-tree.ts';
import { readCommit, treeOf, type Signature } from './merge-tree.ts';
import type { Mirrors } from './mirror.ts';
import { replay } from './replay.ts';
import type { Store, Stores } from './store.ts';
import { submitRef } from './submission.ts';

export type BuildSpec = Extract<JobSpec, { readonly kind: 'build' }>;
type Answer = Extract<JobResult, { readonly kind: 'build' }>['answer'];

export interface CandidateDeps {
  readonly mirrors: Mirrors;
  readonly stores: Stores;
  /** Whose name the system's commits carry when the spec says none. */
  readonly author: Author;
}

export function candidateRef(commit: Commit): string {
  return `refs/gastown/candidate/${commit}`;
}

export async function buildCandidate(deps: CandidateDeps, spec: BuildSpec): Promise<JobResult> {
  const answer = await caught('job', 'build', async () => await build(deps, spec));
  if (!answer.ok) return { kind: 'failed', failure: answer.error };
  return { kind: 'build', answer: answer.value };
}

async function build(deps: CandidateDeps, spec: BuildSpec): Promise<Result<Answer, Failure>> {
  const fetched = await deps.mirrors.fetchTarget(spec.rig);
  if (!fetched.ok) return fetched;
  const { targetTip } = fetched.value;
  const store = await deps.stores.open(spec.rig.rig);
  const landed = await alreadyThere(store, spec, targetTip);
  if (landed !== null) return ok(landed);
  const head = spec.head ?? spec.reverts?.after ?? null;
  if (head === null) return err(failed('build', 'there is neither a head nor a commit to revert'));
  if (!(await store.has(head))) {
    const by = spec.submittedBy === null ? '' : ` (${submitRef(spec.submittedBy)})`;
    return err(failed('find the submission', `${head}${by} is not in this runner's store`));
  }
  if (await isReusable(store, spec, targetTip)) {
    return ok({ is: 'built', candidate: keep(spec, head), reused: true, overlap: false });
  }
  const made = await make(deps, store, spec, targetTip);
  if (made.is === 'conflict') {
    const { target } = spec.rig;
    const failure: Failure = { kind: 'conflict', helps: 'no', target, files: made.files };
    return ok({ is: 'conflict', failure, targetTip });
  }
  if (made.is === 'empty') return ok({ is: 'empty', targetTip });
  await store.setRef(candidateRef(made.commit), made.commit);
  const candidate: Candidate = { commit: made.commit, targetTip, head, method: spec.method };
  const overlap = await overlaps(store, spec, head, targetTip);
  return ok({ is: 'built', candidate, reused: false, overlap });
}

/** C1 */
async function alreadyThere(store: Store, spec: BuildSpec, tip: Commit): Promise<Answer | null> {
  const stored = spec.stored?.commit ?? null;
  if (stored !== null && (await store.isAncestor(stored, tip))) {
    return { is: 'landed', by: 'candidate', commit: stored, targetTip: tip };
  }
  if (spec.head !== null && (await store.isAncestor(spec.head, tip))) {
    return { is: 'landed', by: 'head', commit: spec.head, targetTip: tip };
  }
  return null;
}

async function isReusable(store: Store, spec: BuildSpec, tip: Commit): Promise<boolean> {
  const { stored } = spec;
  if (stored === null || stored.targetTip !== tip || stored.method !== spec.method) return false;
  return stored.head === (spec.head ?? spec.reverts?.after) && (await store.has(stored.commit));
}

/** The stored candidate, which `isReusable` has compared with what is asked. */
function keep(spec: BuildSpec, head: Commit): Candidate {
  const { stored } = spec;
  return stored ?? { commit: head, targetTip: head, head, method: spec.method };
}

type Made =
  | { readonly is: 'made'; readonly commit: Commit }
  | { readonly is: 'conflict'; readonly files: readonly string[] }
  | { readonly is: 'empty' };

async function make(
  deps: CandidateDeps,
  store: Store,
  spec: BuildSpec,
  tip: Commit,
): Promise<Made> {
  const { head, reverts } = spec;
  const who = spec.author ?? deps.author;
  const message = spec.signoff ? signedOff(spec.message, who) : spec.message;
  if (head === null) {
    return reverts === null ? { is: 'empty' } : await revert(store, reverts, tip, message, who);
  }
  const merged = await mergeCommits(store, tip, head);
  if (spec.method === 'rebase') {
    const result = await replay(store, { head, tip, merged, committer: who, message });
    return result;
  }
  if (merged.is === 'conflict') return merged;
  if (merged.tree === (await treeOf(store, tip))) return { is: 'empty' };
  const date = await laterDate(store, head, tip);
  const author =
    spec.method === 'squash' && spec.author === null ? await authorOf(store, head) : who;
  const parents = spec.method === 'merge' ? [tip, head] : [tip];
  const commit = await commitTree(store, {
    tree: merged.tree,
    parents,
    message,
    author: { ...author, date },
    committer: { ...who, date },
  });
  return { is: 'made', commit };
}

/** Undoes all that came between `before` and `after`, whatever method landed it. */
async function revert(
  store: Store,
  landed: Landed,
  tip: Commit,
  message: string,
  who: Author,
): Promise<Made> {
  const base = await treeOf(store, landed.after);
  const theirs = await treeOf(store, landed.before);
  const ours = await treeOf(store, tip);
  const merged = await applyChange(store, { base, ours, theirs });
  if (merged.is === 'conflict') return merged;
  if (merged.tree === ours) return { is: 'empty' };
  const signature: Signature = { ...who, date: await laterDate(store, landed.after, tip) };
  const { tree } = merged;
  const made = { tree, parents: [tip], message, author: signature, committer: signature };
  return { is: 'made', commit: await commitTree(store, made) };
}

async function authorOf(store: Store, commit: Commit): Promise<Author> {
  const { name, email } = (await readCommit(store, commit)).author;
  return { name, email };
}

export function signedOff(message: string, who: Author): string {
  const line = `Signed-off-by: ${who.name} <${who.email}>`;
  if (message.split('\n').includes(line)) return message;
  const trailers = /\n\n(?:[A-Za-z-]+: .+\n?)+$/.test(`\n\n${message}`.trimEnd());
  return `${message.trimEnd()}\n${trailers && message.includes('\n\n') ? '' : '\n'}${line}\n`;
}

/** Did the target move since the stored candidate in a path of this change? */
async function overlaps(
  store: Store,
  spec: BuildSpec,
  head: Commit,
  tip: Commit,
): Promise<boolean> {
  const { stored } = spec;
  if (stored === null || !(await store.isAncestor(stored.targetTip, tip))) return true;
  const moved = await paths(store, stored.targetTip, tip);
  const from = spec.reverts?.before ?? (await store.mergeBase(head, tip));
  if (from === null) return true;
  const own = new Set(await paths(store, from, head));
  return moved.some((path) => own.has(path));
}

async function paths(store: Store, from: Commit, to: Commit): Promise<readonly string[]> {
  return await store.lines(['diff-tree', '-r', '--name-only', '--no-renames', from, to]);
}

function failed(step: string, output: string): Failure {
  return { kind: 'job_failed', helps: 'person', job: 'build', step, output };
}
