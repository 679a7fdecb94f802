/**
 * What a runner remembers of the branches it publishes, as refs of the rig's store.
 *
 * R1 `submit/<attempt>`: what attempts handed in. `system/<bead>/<commit>`: what the system made
 *    for the bead's branch. `taken/<bead>/<commit>`: heads that others left on it. A commit that
 *    none of these reaches is not the bead's.
 * R2 `strangers/<bead>/<head>` lists the commits of a taken head that are neither the bead's nor
 *    the system's.
 * R3 `publishing/…` is written before a push, `published/…` when the branch was seen to hold it.
 * R4 A branch marked `do-not-reuse` stays so, whatever lands later.
 */
import { createHash } from 'node:crypto';
import type { FailureOf } from '../core/failure.ts';
import { commitOf, type Commit } from '../core/ids.ts';
import type { Store } from './store.ts';

export const SUBMISSIONS = 'refs/gastown/submit/';

export function systemRef(bead: string, commit: Commit): string {
  return `refs/gastown/system/${bead}/${commit}`;
}

export function takenRef(bead: string, head: Commit): string {
  return `refs/gastown/taken/${bead}/${head}`;
}

/** R1: the refs that hold the bead's work; with `at`, those that stand on that commit. */
export async function refsOfBead(store: Store, bead: string, at?: Commit): Promise<string[]> {
  return await store.lines([
    'for-each-ref',
    '--format=%(refname)',
    ...(at === undefined ? [] : [`--points-at=${at}`]),
    `${SUBMISSIONS}${bead}.*`,
    `refs/gastown/system/${bead}/`,
    `refs/gastown/taken/${bead}/`,
  ]);
}

/** R3. What the branch was last seen to hold of ours; null when it was never published. */
export async function publishedHead(store: Store, branch: string): Promise<Commit | null> {
  return await store.commit(`refs/gastown/published/${nameOf(branch)}`);
}

export async function recordPublished(store: Store, branch: string, head: Commit): Promise<void> {
  await store.setRef(`refs/gastown/published/${nameOf(branch)}`, head);
}

/** R3. What was about to be pushed last. */
export async function publishingHead(store: Store, branch: string): Promise<Commit | null> {
  return await store.commit(`refs/gastown/publishing/${nameOf(branch)}`);
}

export async function recordPublishing(store: Store, branch: string, head: Commit): Promise<void> {
  await store.setRef(`refs/gastown/publishing/${nameOf(branch)}`, head);
}

/** R2 */
export async function recordTaken(
  store: Store,
  bead: string,
  head: Commit,
  strangers: readonly Commit[],
): Promise<void> {
  const list = strangers.map((commit) => `${commit}\n`).join('');
  await setText(store, `refs/gastown/strangers/${bead}/${head}`, list);
  await store.setRef(takenRef(bead, head), head);
}

/** R2; null when that head was never taken. */
export async function strangersAt(
  store: Store,
  bead: string,
  head: Commit,
): Promise<readonly Commit[] | null> {
  const found = await store.run(['cat-file', 'blob', `refs/gastown/strangers/${bead}/${head}`]);
  if (!found.ok) return null;
  return found.out.split('\n').flatMap((line) => (line === '' ? [] : [commitOf(line)]));
}

/** R2: of all the heads that were taken for the bead. */
export async function strangersOf(store: Store, bead: string): Promise<ReadonlySet<string>> {
  const folder = `refs/gastown/strangers/${bead}/`;
  const refs = await store.lines(['for-each-ref', '--format=%(refname)', folder]);
  const found = new Set<string>();
  for (const ref of refs) {
    for (const commit of await store.lines(['cat-file', 'blob', ref])) found.add(commitOf(commit));
  }
  return found;
}

export type Contaminated = FailureOf<'branch_contaminated'>;

/** R4 */
export async function markContaminated(store: Store, failure: Contaminated): Promise<void> {
  const { branch, commits, of } = failure;
  await setText(store, markRef(branch), JSON.stringify({ branch, commits, of }));
}

/** R4 */
export async function contamination(store: Store, branch: string): Promise<Contaminated | null> {
  const found = await store.run(['cat-file', 'blob', markRef(branch)]);
  if (!found.ok) return null;
  const mark: unknown = JSON.parse(found.out);
  const known = typeof mark === 'object' && mark !== null && 'of' in mark && 'commits' in mark;
  const commits = known && Array.isArray(mark.commits) ? mark.commits.map(String) : [];
  const of = known ? String(mark.of) : '';
  return { kind: 'branch_contaminated', helps: 'person', branch, commits, of };
}

function markRef(branch: string): string {
  return `refs/gastown/do-not-reuse/${nameOf(branch)}`;
}

/** A branch may be named like the folder of another one, and be as long as a forge allows. */
function nameOf(branch: string): string {
  return createHash('sha256').update(branch).digest('hex');
}

async function setText(store: Store, ref: string, text: string): Promise<void> {
  const blob = await store.must(['hash-object', '-w', '--stdin'], { input: text });
  await store.must(['update-ref', ref, blob]);
}
