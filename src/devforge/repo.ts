/**
 * One repository: its bare git, its rules, its pull requests, and the checks of its commits.
 *
 * R1 `refs` is what git holds as of the last `sync`; every write of the forge syncs after itself,
 *    so a read starts no process.
 * R2 A push is noticed by comparing refs, whoever made it: heads move, stale approvals go, a base
 *    that took a head in closes its pull request as merged.
 */
import { GitRepository, type Signature } from './git-repository.ts';
import type {
  Access,
  CheckRun,
  CheckSpec,
  CiSpec,
  CommitStatus,
  MergeMethod,
  Protection,
  RepoSpec,
  StatusState,
  User,
} from './model.ts';
import { Refused } from './model.ts';
import { headRefs, Pull, type PullSpec } from './pull.ts';
import type { World } from './world.ts';

export class Repo {
  readonly world: World;
  readonly id: number;
  readonly nodeId: string;
  readonly createdAt: number;
  readonly pulls: Pull[] = [];
  readonly protections = new Map<string, Protection>();
  readonly collaborators = new Map<string, Access>();
  readonly checks = new Map<string, CheckRun[]>();
  readonly statuses = new Map<string, CommitStatus[]>();
  owner: User;
  name: string;
  git: GitRepository;
  private: boolean;
  archived = false;
  defaultBranch: string;
  mergeMethods: readonly MergeMethod[];
  deleteBranchOnMerge: boolean;
  allowAutoMerge: boolean;
  ci: readonly CiSpec[];
  /** R1 */
  refs: ReadonlyMap<string, string> = new Map();
  pushedAt: number;
  updatedAt: number;
  #syncing: Promise<void> = Promise.resolve();
  #opening: Promise<unknown> = Promise.resolve();

  constructor(world: World, owner: User, name: string, spec: RepoSpec) {
    this.world = world;
    this.id = world.id();
    this.nodeId = world.nodeId('R', { type: 'Repository', repo: this });
    this.owner = owner;
    this.name = name;
    this.git = new GitRepository(world.pathOf(`${owner.login}/${name}`), world.git);
    this.private = spec.private ?? false;
    this.defaultBranch = spec.defaultBranch ?? 'main';
    this.mergeMethods = spec.mergeMethods ?? ['merge', 'squash', 'rebase'];
    this.deleteBranchOnMerge = spec.deleteBranchOnMerge ?? false;
    this.allowAutoMerge = spec.allowAutoMerge ?? true;
    this.ci = spec.ci ?? [];
    this.createdAt = world.now();
    this.pushedAt = this.createdAt;
    this.updatedAt = this.createdAt;
    for (const [login, access] of Object.entries(spec.collaborators ?? {})) {
      this.collaborators.set(world.addUser(login).login, access);
    }
    if (spec.protection !== undefined) this.protect(this.defaultBranch, spec.protection);
  }

  get fullName(): string {
    return `${this.owner.login}/${this.name}`;
  }

  async create(git: GitRepository, spec: RepoSpec): Promise<void> {
    this.git = git;
    await git.init(this.defaultBranch);
    if (spec.files === null) return;
    const files = spec.files ?? { 'README.md': `# ${this.name}\n` };
    const by = this.signature(this.owner);
    await git.commitFiles({ branch: this.defaultBranch, files, message: 'First commit', by });
    this.refs = await git.branches();
  }

  roleOf(user: User): Access {
    if (user.id === this.owner.id) return 'admin';
    return this.collaborators.get(user.login) ?? 'none';
  }

  protect(branch: string, rules: Partial<Protection>): void {
    const before = this.protections.get(branch) ?? {
      requiredChecks: [],
      requiredApprovals: 0,
      dismissStale: false,
      mergeQueue: false,
      requireUpToDate: false,
      requireResolvedThreads: false,
    };
    this.protections.set(branch, { ...before, ...rules });
  }

  unprotect(branch: string): void {
    this.protections.delete(branch);
  }

  pull(number: number): Pull {
    const found = this.findPull(number);
    if (found === null) throw new Error(`${this.fullName} has no pull request ${number}`);
    return found;
  }

  findPull(number: number): Pull | null {
    return this.pulls.find((pull) => pull.number === number) ?? null;
  }

  /** Makes a commit on a branch as that person would; a new branch starts at the default one. */
  async push(
    by: string | User,
    branch: string,
    files: Readonly<Record<string, string | null>>,
    options: { message?: string; from?: string } = {},
  ): Promise<string> {
    const user = this.world.user(by);
    const start = this.refs.has(branch) ? undefined : this.refs.get(this.defaultBranch);
    const from = options.from ?? start;
    const sha = await this.git.commitFiles({
      branch,
      files,
      message: options.message ?? `Change ${Object.keys(files).join(', ')}`,
      by: this.signature(user),
      ...(from === undefined ? {} : { from }),
    });
    await this.sync(user);
    return sha;
  }

  async deleteBranch(branch: string, by: string | User = this.owner): Promise<boolean> {
    const done = await this.git.moveBranch(branch, null, this.refs.get(branch) ?? null);
    await this.sync(this.world.user(by));
    return done;
  }

  async createBranch(branch: string, sha: string, by: User): Promise<void> {
    if (this.refs.has(branch)) throw new Refused('exists', 'Reference already exists');
    if (!(await this.git.moveBranch(branch, sha, null))) {
      throw new Refused('invalid', 'Reference name is invalid');
    }
    await this.sync(by);
  }

  async rename(name: string): Promise<void> {
    await this.#moveTo(this.owner, name, 'renamed');
  }

  async transfer(owner: string): Promise<void> {
    await this.#moveTo(this.world.addUser(owner), this.name, 'transferred');
  }

  archive(): void {
    this.archived = true;
    this.#say('repository', 'archived');
  }

  makePrivate(): void {
    this.private = true;
    this.#say('repository', 'privatized');
  }

  makePublic(): void {
    this.private = false;
    this.#say('repository', 'publicized');
  }

  /** One at a time, so that two requests at once cannot open two for one branch. */
  async openPull(spec: PullSpec): Promise<Pull> {
    const turn = this.#opening.then(() => this.#open(spec));
    this.#opening = turn.catch(() => {}); // whoever waited for that turn was told
    return await turn;
  }

  async #open(spec: PullSpec): Promise<Pull> {
    if (this.archived) throw new Refused('archived', 'Repository was archived so is read-only.');
    const head = spec.headRepo ?? this;
    const sha = head.refs.get(spec.head);
    const base = this.refs.get(spec.base);
    if (base === undefined) throw new Refused('base_missing', 'base');
    if (sha === undefined) throw new Refused('head_missing', 'head');
    const twin = this.pulls.find(
      (pull) =>
        pull.state === 'open' &&
        pull.headRepo === head &&
        pull.headRef === spec.head &&
        pull.baseRef === spec.base,
    );
    if (twin !== undefined) throw new Refused('exists', String(twin.number));
    const number = this.pulls.length + 1;
    if (head !== this) {
      const refs = headRefs(number).map((ref) => `${sha}:${ref}`);
      await this.git.must(['fetch', '--quiet', head.git.path, ...refs]);
    }
    const { ahead } = await this.git.count(base, sha);
    if (ahead === 0 && spec.mayBeEmpty !== true)
      throw new Refused('no_commits', `${spec.base} and ${spec.head}`);
    const pull = new Pull(this, number, { sha, base }, spec);
    this.pulls.push(pull);
    this.world.emit({ repo: this, kind: 'pull_request', action: 'opened', pull, sender: spec.by });
    return pull;
  }

  addCheckRun(sha: string, spec: CheckSpec): CheckRun {
    const now = this.world.now();
    const conclusion = spec.conclusion === undefined ? 'success' : spec.conclusion;
    const status = spec.status ?? 'completed';
    const done = status === 'completed';
    const run: CheckRun = {
      id: this.world.id(),
      sha,
      name: spec.name,
      app: spec.app ?? 'github-actions',
      suite: this.#suiteOf(sha, spec.app ?? 'github-actions'),
      step: spec.step ?? 'Run tests',
      log: spec.log ?? '',
      annotations: spec.annotations ?? [],
      startedAt: now,
      status,
      conclusion: done ? conclusion : null,
      completedAt: done ? now : null,
      title: spec.title ?? null,
      summary: spec.summary ?? null,
    };
    this.checks.set(sha, [...(this.checks.get(sha) ?? []), run]);
    this.#checked(sha, 'check_run', done ? 'completed' : 'created');
    return run;
  }

  finishCheckRun(run: CheckRun, conclusion: NonNullable<CheckRun['conclusion']>): void {
    run.status = 'completed';
    run.conclusion = conclusion;
    run.completedAt = this.world.now();
    this.#checked(run.sha, 'check_run', 'completed');
  }

  addStatus(
    sha: string,
    spec: { context: string; state: StatusState; description?: string; targetUrl?: string },
  ): CommitStatus {
    const status: CommitStatus = {
      id: this.world.id(),
      sha,
      context: spec.context,
      state: spec.state,
      description: spec.description ?? null,
      targetUrl: spec.targetUrl ?? null,
      creator: this.owner,
      at: this.world.now(),
    };
    this.statuses.set(sha, [...(this.statuses.get(sha) ?? []), status]);
    this.#checked(sha, 'status', spec.state);
    return status;
  }

  /** The newest of every (app, name), as `filter=latest`. */
  latestChecks(sha: string): readonly CheckRun[] {
    const newest = new Map<string, CheckRun>();
    for (const run of this.checks.get(sha) ?? []) newest.set(`${run.app}\n${run.name}`, run);
    return [...newest.values()];
  }

  latestStatuses(sha: string): readonly CommitStatus[] {
    const newest = new Map<string, CommitStatus>();
    for (const status of this.statuses.get(sha) ?? []) newest.set(status.context, status);
    return [...newest.values()];
  }

  /** R2. One at a time, so that a move is noticed once. */
  async sync(by: User = this.owner): Promise<void> {
    const turn = this.#syncing.then(() => this.#notice(by));
    this.#syncing = turn.catch(() => {}); // whoever waited for that turn was told
    await turn;
  }

  runCi(pull: Pull): void {
    const sha = pull.headSha;
    for (const spec of this.ci) {
      this.world.later(spec.appearsAfterMs ?? 0, async () => {
        const takes = spec.takesMs ?? 0;
        if (takes === 0) {
          this.addCheckRun(sha, spec);
          return;
        }
        const run = this.addCheckRun(sha, { ...spec, status: 'in_progress' });
        this.world.later(takes, async () => {
          this.finishCheckRun(run, spec.conclusion ?? 'success');
        });
      });
    }
  }

  signature(user: User): Signature {
    const email = `${user.id}+${user.login}@users.noreply.devforge.invalid`;
    return { name: user.name, email, at: this.world.now() };
  }

  async #notice(by: User): Promise<void> {
    const before = this.refs;
    this.refs = await this.git.branches();
    const names = new Set([...before.keys(), ...this.refs.keys()]);
    const moved = [...names].filter((name) => before.get(name) !== this.refs.get(name));
    if (moved.length === 0) return;
    this.pushedAt = this.world.now();
    for (const branch of moved) {
      const sha = this.refs.get(branch);
      this.world.emit({
        repo: this,
        kind: 'push',
        action: sha === undefined ? 'deleted' : 'pushed',
        branch,
        ...(sha === undefined ? {} : { sha }),
        sender: by,
      });
      await this.#branchMoved(branch, before.get(branch), sha, by);
    }
  }

  async #branchMoved(
    branch: string,
    from: string | undefined,
    to: string | undefined,
    by: User,
  ): Promise<void> {
    const open = this.world.repos.flatMap(({ pulls }) => pulls).filter((p) => p.state === 'open');
    for (const pull of open.filter((p) => p.headRepo === this && p.headRef === branch)) {
      await pull.headMoved(to ?? null, by);
    }
    const onto = open.filter((p) => p.repo === this && p.baseRef === branch);
    if (onto.length === 0) return;
    if (to === undefined) {
      for (const pull of onto) pull.close(by);
      return;
    }
    const range = from === undefined ? [to] : [to, `^${from}`];
    const ran = await this.git.run(['rev-list', ...range]);
    const arrived = new Set(ran.out.split('\n'));
    for (const pull of onto) {
      if (pull.state === 'open' && arrived.has(pull.headSha)) pull.mergedAs(pull.headSha, by);
    }
  }

  #checked(sha: string, kind: 'check_run' | 'status', action: string): void {
    const pull = this.pulls.find((p) => p.headSha === sha);
    const about = pull === undefined ? {} : { pull };
    this.world.emit({ repo: this, kind, action, sha, ...about, sender: this.owner });
    const open = this.pulls.filter((p) => p.headSha === sha && p.state === 'open');
    if (open.some((p) => p.autoMerge !== null)) {
      this.world.later(0, async () => {
        for (const armed of open) await armed.tryAutoMerge();
      });
    }
  }

  #suiteOf(sha: string, app: string): number {
    const twin = (this.checks.get(sha) ?? []).find((run) => run.app === app);
    return twin?.suite ?? this.world.id();
  }

  async #moveTo(owner: User, name: string, action: string): Promise<void> {
    const from = this.fullName;
    this.owner = owner;
    this.name = name;
    this.git = await this.world.moved(this, from);
    this.#say('repository', action);
  }

  #say(kind: 'repository', action: string): void {
    this.updatedAt = this.world.now();
    this.world.emit({ repo: this, kind, action, sender: this.owner });
  }
}
