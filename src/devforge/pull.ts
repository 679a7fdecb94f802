/**
 * One pull request and everything that may happen to it. Providers and strangers call the same
 * methods, so what a person does on the forge and what an adapter asks for cannot differ.
 *
 * P1 What git knows (conflicts, behind, merges) is asked of git. P2 Mergeability is lazy: the
 *    first question after a move of head or base starts it and answers `unknown`.
 * P3 A merge is for one head. A head that moved since is refused before anything else is judged.
 */
import { judge, type Standing } from './standing.ts';
import type {
  CheckRun,
  CheckSpec,
  Comment,
  CommitStatus,
  MergeMethod,
  MergeWish,
  QueueEntry,
  Review,
  ReviewState,
  StatusState,
  Thread,
  ThreadSpec,
  User,
} from './model.ts';
import { Refused } from './model.ts';
import { makeMerge } from './merge.ts';
import type { Repo } from './repo.ts';
import type { ForgeEvent } from './world.ts';

export interface PullSpec {
  readonly by: User;
  readonly title: string;
  readonly body: string | null;
  readonly head: string;
  readonly base: string;
  readonly headRepo?: Repo;
  readonly draft?: boolean;
  readonly maintainerCanModify?: boolean;
  readonly mayBeEmpty?: boolean;
}

export type Mergeable = 'mergeable' | 'conflicting' | 'unknown';

export class Pull {
  readonly repo: Repo;
  readonly headRepo: Repo;
  readonly number: number;
  readonly id: number;
  readonly nodeId: string;
  readonly author: User;
  readonly headRef: string;
  readonly createdAt: number;
  readonly comments: Comment[] = [];
  readonly reviews: Review[] = [];
  readonly threads: Thread[] = [];
  readonly maintainerCanModify: boolean;
  state: 'open' | 'closed' | 'merged' = 'open';
  draft: boolean;
  title: string;
  body: string | null;
  baseRef: string;
  headSha: string;
  /** The base's tip when the head was last looked at. */
  baseSha: string;
  labels: readonly string[] = [];
  reviewers: readonly User[] = [];
  updatedAt: number;
  closedAt: number | null = null;
  closedBy: User | null = null;
  mergedAt: number | null = null;
  mergedBy: User | null = null;
  mergeCommit: string | null = null;
  /** null: somebody pushed it in. */
  mergedMethod: MergeMethod | null = null;
  autoMerge: { readonly by: User; readonly at: number; readonly method: MergeMethod } | null = null;
  queue: QueueEntry | null = null;
  #fetched: string | null = null;
  #asked: { key: string; at: number; answer: Mergeable | null } | null = null;

  constructor(repo: Repo, number: number, at: { sha: string; base: string }, spec: PullSpec) {
    this.repo = repo;
    this.headRepo = spec.headRepo ?? repo;
    this.number = number;
    this.id = repo.world.id();
    this.nodeId = repo.world.nodeId('PR', { type: 'PullRequest', pull: this });
    this.author = spec.by;
    this.headRef = spec.head;
    this.baseRef = spec.base;
    this.headSha = at.sha;
    this.baseSha = at.base;
    this.title = spec.title;
    this.body = spec.body;
    this.draft = spec.draft ?? false;
    this.maintainerCanModify = spec.maintainerCanModify ?? false;
    this.createdAt = repo.world.now();
    this.updatedAt = this.createdAt;
    repo.runCi(this);
  }

  /** P2 */
  async mergeable(): Promise<Mergeable> {
    const base = this.repo.refs.get(this.baseRef) ?? this.baseSha;
    const key = `${this.headSha} ${base}`;
    const now = this.repo.world.now();
    if (this.#asked?.key !== key) {
      this.#asked = { key, at: now, answer: null };
      return 'unknown';
    }
    const wait = this.repo.world.mergeabilityMs;
    if (wait === null || now - this.#asked.at < wait) return 'unknown';
    const asked = this.#asked;
    asked.answer ??= await this.mergesCleanly();
    return asked.answer;
  }

  /** Asks for nothing. */
  knownMergeable(): Mergeable {
    const base = this.repo.refs.get(this.baseRef) ?? this.baseSha;
    const same = this.#asked?.key === `${this.headSha} ${base}`;
    return same ? (this.#asked?.answer ?? 'unknown') : 'unknown';
  }

  async mergesCleanly(): Promise<'mergeable' | 'conflicting'> {
    const base = this.repo.refs.get(this.baseRef) ?? this.baseSha;
    await this.fetchHead();
    const tree = await this.repo.git.mergedTree(base, this.headSha);
    return tree === null ? 'conflicting' : 'mergeable';
  }

  async standing(): Promise<Standing> {
    return await judge(this);
  }

  /** A fork's commits come into the base repository before git is asked about them. */
  async fetchHead(): Promise<void> {
    if (this.headRepo === this.repo || this.#fetched === this.headSha) return;
    const refs = headRefs(this.number).map((ref) => `+${this.headSha}:${ref}`);
    await this.repo.git.must(['fetch', '--quiet', this.headRepo.git.path, ...refs]);
    this.#fetched = this.headSha;
  }

  async merge(by: string | User, wish: MergeWish = {}): Promise<string> {
    const user = this.repo.world.user(by);
    const sha = await makeMerge(this, user, wish); // P3
    this.mergedMethod = wish.method ?? this.repo.mergeMethods[0] ?? 'merge';
    this.mergedAs(sha, user);
    await this.repo.sync(user);
    if (this.repo.deleteBranchOnMerge && this.headRepo === this.repo) {
      await this.repo.deleteBranch(this.headRef, user);
    }
    return sha;
  }

  /** It was merged, here or by a push that carried it in. */
  mergedAs(sha: string, by: User): void {
    const now = this.#touch();
    this.state = 'merged';
    this.mergeCommit = sha;
    this.mergedAt = now;
    this.mergedBy = by;
    this.closedAt = now;
    this.closedBy = by;
    this.queue = null;
    this.autoMerge = null;
    this.#say('closed', by);
  }

  close(by: string | User): void {
    if (this.state !== 'open') return;
    const user = this.repo.world.user(by);
    this.state = 'closed';
    this.closedAt = this.#touch();
    this.closedBy = user;
    this.queue = null;
    this.autoMerge = null;
    this.#say('closed', user);
  }

  reopen(by: string | User): void {
    const user = this.repo.world.user(by);
    if (this.state === 'merged') throw new Refused('not_open', 'it was merged');
    if (this.state === 'open') return;
    const sha = this.headRepo.refs.get(this.headRef);
    if (sha === undefined) throw new Refused('branch_gone', 'the head branch was deleted');
    this.state = 'open';
    this.headSha = sha;
    this.closedAt = null;
    this.closedBy = null;
    this.#touch();
    this.#say('reopened', user);
  }

  async push(
    by: string | User,
    files: Readonly<Record<string, string | null>>,
    message?: string,
  ): Promise<string> {
    return await this.headRepo.push(
      by,
      this.headRef,
      files,
      message === undefined ? {} : { message },
    );
  }

  /** Replaces what the branch adds by one commit. */
  async forcePush(
    by: string | User,
    files: Readonly<Record<string, string | null>>,
  ): Promise<string> {
    const from = this.repo.refs.get(this.baseRef) ?? this.baseSha;
    return await this.headRepo.push(by, this.headRef, files, { from });
  }

  async headMoved(to: string | null, by: User): Promise<void> {
    if (to === null) {
      this.close(by);
      return;
    }
    const from = this.headSha;
    this.headSha = to;
    this.baseSha = this.repo.refs.get(this.baseRef) ?? this.baseSha;
    await this.fetchHead();
    this.queue = null;
    this.#touch();
    if (this.repo.protections.get(this.baseRef)?.dismissStale === true) {
      for (const review of this.reviews) {
        if (review.state === 'APPROVED') review.state = 'DISMISSED';
      }
    }
    if (this.threads.length > 0) {
      await this.fetchHead();
      const touched = await this.repo.git.changed(from, to);
      for (const thread of this.threads) {
        if (touched.some(({ path }) => path === thread.path)) thread.outdated = true;
      }
    }
    this.repo.runCi(this);
    this.#say('synchronize', by);
  }

  comment(by: string | User, body: string): Comment {
    const author = this.repo.world.user(by);
    const id = this.repo.world.id();
    const comment = { id, nodeId: `IC_kwDO${id}`, author, at: this.#touch(), body };
    this.comments.push(comment);
    this.#tell('issue_comment', 'created', author);
    return comment;
  }

  review(by: string | User, state: ReviewState, body = ''): Review {
    const author = this.repo.world.user(by);
    const review = this.#addReview(author, state, body);
    this.#tell('pull_request_review', 'submitted', author);
    this.#armed();
    return review;
  }

  openThread(by: string | User, spec: ThreadSpec): Thread {
    const author = this.repo.world.user(by);
    const review = this.#addReview(author, 'COMMENTED', '');
    const thread: Thread = {
      id: `PRRT_kwDO${review.id}`,
      path: spec.path ?? 'README.md',
      line: spec.line ?? 1,
      sha: this.headSha,
      review,
      comments: [],
      resolvedBy: null,
      outdated: false,
    };
    const node = { type: 'PullRequestReviewThread', pull: this, thread } as const;
    this.repo.world.nodes.set(thread.id, node);
    this.threads.push(thread);
    this.#addReply(thread, author, spec.body);
    return thread;
  }

  reply(thread: Thread, by: string | User, body: string): Comment {
    return this.#addReply(thread, this.repo.world.user(by), body);
  }

  resolve(thread: Thread, by: string | User): void {
    thread.resolvedBy = this.repo.world.user(by);
    this.#touch();
    this.#tell('pull_request_review_thread', 'resolved', thread.resolvedBy);
    this.#armed();
  }

  unresolve(thread: Thread, by: string | User): void {
    thread.resolvedBy = null;
    this.#touch();
    this.#tell('pull_request_review_thread', 'unresolved', this.repo.world.user(by));
  }

  edit(by: User, change: { title?: string; body?: string | null; base?: string }): void {
    this.title = change.title ?? this.title;
    if (change.body !== undefined) this.body = change.body;
    this.baseRef = change.base ?? this.baseRef;
    this.#touch();
    this.#say('edited', by);
  }

  setDraft(draft: boolean, by: User): void {
    this.draft = draft;
    this.#touch();
    this.#say(draft ? 'converted_to_draft' : 'ready_for_review', by);
  }

  addCheckRun(spec: CheckSpec): CheckRun {
    return this.repo.addCheckRun(this.headSha, spec);
  }

  addStatus(spec: { context: string; state: StatusState; description?: string }): CommitStatus {
    return this.repo.addStatus(this.headSha, spec);
  }

  enqueue(by: User): QueueEntry {
    const [id, at] = [this.repo.world.id(), this.#touch()];
    const entry: QueueEntry = { id, by, at, head: this.headSha, state: 'QUEUED' };
    this.queue = entry;
    this.#say('enqueued', by);
    return entry;
  }

  /** The queue's own decision: the group went through, or it did not and leaves the queue. */
  async queueDecides(outcome: 'merge' | 'fail', by: string | User = this.author): Promise<void> {
    const user = this.repo.world.user(by);
    if (this.queue === null) throw new Error(`#${this.number} is not in the queue`);
    if (outcome === 'merge') {
      await this.merge(user, { bypass: true });
      return;
    }
    this.queue = null;
    this.#touch();
    this.#say('dequeued', user);
  }

  armAutoMerge(by: User, method: MergeMethod): void {
    this.autoMerge = { by, at: this.#touch(), method };
    this.#say('auto_merge_enabled', by);
  }

  disarmAutoMerge(by: User): void {
    this.autoMerge = null;
    this.#touch();
    this.#say('auto_merge_disabled', by);
  }

  async tryAutoMerge(): Promise<void> {
    if (this.autoMerge === null || this.state !== 'open') return;
    const { by, method } = this.autoMerge;
    const standing = await this.standing();
    if (standing.blockers.length === 0) await this.merge(by, { method });
  }

  #armed(): void {
    if (this.autoMerge !== null) this.repo.world.later(0, () => this.tryAutoMerge());
  }

  #addReview(author: User, state: ReviewState, body: string): Review {
    const id = this.repo.world.id();
    const at = this.#touch();
    const nodeId = `PRR_kwDO${id}`;
    const review: Review = { id, nodeId, author, body, sha: this.headSha, at, state };
    this.repo.world.nodes.set(nodeId, { type: 'PullRequestReview', pull: this, review });
    this.reviews.push(review);
    this.reviewers = this.reviewers.filter(({ login }) => login !== author.login);
    return review;
  }

  #addReply(thread: Thread, author: User, body: string): Comment {
    const id = this.repo.world.id();
    const comment = { id, nodeId: `PRRC_kwDO${id}`, author, at: this.#touch(), body };
    thread.comments.push(comment);
    this.#tell('pull_request_review_comment', 'created', author);
    return comment;
  }

  #touch(): number {
    this.updatedAt = this.repo.world.now();
    return this.updatedAt;
  }

  #say(action: string, sender: User): void {
    this.#tell('pull_request', action, sender);
  }

  #tell(kind: ForgeEvent['kind'], action: string, sender: User): void {
    this.repo.world.emit({ repo: this.repo, kind, action, pull: this, sha: this.headSha, sender });
  }
}

/** Where the base repository shows a head of a fork: GitHub's and Gitea's name, and GitLab's. */
export function headRefs(number: number): readonly string[] {
  return [`refs/pull/${number}/head`, `refs/merge-requests/${number}/head`];
}
