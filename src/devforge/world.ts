/**
 * The forge's world: who exists, which tokens were given out, which repositories there are and how
 * they were called before. Tests and people act here; providers only read and write through it.
 *
 * W1 A name that a repository had before leads to it until another repository takes the name.
 * W2 What happens later (checks, queues) is on one agenda and runs when the clock says so.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GitRepository, type GitSettings } from './git-repository.ts';
import type {
  Access,
  ForgeClock,
  ForgeRandom,
  ForgeTimers,
  RepoSpec,
  Token,
  TokenSpec,
  User,
} from './model.ts';
import type { Pull } from './pull.ts';
import { Repo } from './repo.ts';
import type { Review, Thread } from './model.ts';

/** Something happened that a webhook would tell. */
export interface ForgeEvent {
  readonly repo: Repo;
  readonly kind:
    | 'pull_request'
    | 'pull_request_review'
    | 'pull_request_review_comment'
    | 'pull_request_review_thread'
    | 'issue_comment'
    | 'check_run'
    | 'status'
    | 'push'
    | 'repository';
  readonly action: string;
  readonly pull?: Pull;
  readonly sha?: string;
  readonly branch?: string;
  readonly sender: User;
}

export interface ForgeApp {
  readonly id: number;
  readonly clientId: string;
  readonly slug: string;
  readonly bot: User;
  readonly publicKey: KeyObject;
  /** PEM, for whoever plays the owner of the app. */
  readonly privateKey: string;
  readonly installations: Installation[];
}

export interface Installation {
  readonly id: number;
  readonly account: User;
  /** Ids of repositories; null: all of the account. */
  readonly repos: ReadonlySet<number> | null;
  readonly permissions: Readonly<Record<string, 'read' | 'write'>>;
  suspendedAt: number | null;
}

export type Node =
  | { readonly type: 'PullRequest'; readonly pull: Pull }
  | { readonly type: 'PullRequestReviewThread'; readonly pull: Pull; readonly thread: Thread }
  | { readonly type: 'PullRequestReview'; readonly pull: Pull; readonly review: Review }
  | { readonly type: 'Repository'; readonly repo: Repo };

export interface WorldDeps {
  readonly home: string;
  readonly clock: ForgeClock;
  readonly random: ForgeRandom;
  readonly timers?: ForgeTimers;
  readonly searchPath: string;
}

interface Later {
  readonly at: number;
  readonly run: () => Promise<void>;
}

export class World {
  readonly users = new Map<string, User>();
  readonly tokens: Token[] = [];
  readonly repos: Repo[] = [];
  readonly apps: ForgeApp[] = [];
  readonly nodes = new Map<string, Node>();
  readonly git: GitSettings;
  readonly listeners: ((event: ForgeEvent) => void)[] = [];
  /** How long a mergeability is computed after it was first asked for. null: never computed. */
  mergeabilityMs: number | null = 0;
  /** How long a token of an installation is good for: an hour, as the original's. */
  installationTokenMs = 3_600_000;
  readonly #deps: WorldDeps;
  readonly #former = new Map<string, Repo>();
  readonly #agenda: Later[] = [];
  readonly #ids = { last: 1000 };

  constructor(deps: WorldDeps) {
    this.#deps = deps;
    this.git = { searchPath: deps.searchPath, home: deps.home };
  }

  now(): number {
    return this.#deps.clock.now();
  }

  id(): number {
    this.#ids.last += 1;
    return this.#ids.last;
  }

  nodeId(prefix: string, node: Node): string {
    const id = `${prefix}_kwDO${this.#deps.random.token(18)}`;
    this.nodes.set(id, node);
    return id;
  }

  addUser(login: string, options: { name?: string; type?: User['type'] } = {}): User {
    const known = this.users.get(login.toLowerCase());
    if (known !== undefined) return known;
    const { name = login, type = 'User' } = options;
    const user: User = { id: this.id(), login, name, type };
    this.users.set(login.toLowerCase(), user);
    return user;
  }

  /** By login; creates nobody. */
  user(login: string | User): User {
    if (typeof login !== 'string') return login;
    const found = this.users.get(login.toLowerCase());
    if (found === undefined) throw new Error(`the forge has no user ${login}`);
    return found;
  }

  addToken(login: string | User, spec: TokenSpec = {}): Token {
    const user = this.user(login);
    const fine = spec.permissions !== undefined;
    const letters = this.#deps.random.token(fine ? 82 : 36);
    const token: Token = {
      name: spec.name ?? `${user.login}-${this.tokens.length + 1}`,
      secret: `${spec.prefix ?? (fine ? 'github_pat_' : 'ghp_')}${letters}`,
      kind: fine ? 'fine' : 'classic',
      user,
      identity: user.login,
      scopes: spec.scopes ?? (fine ? [] : ['repo', 'api', 'write:repository']),
      permissions: spec.permissions ?? null,
      repos:
        spec.repos === undefined ? null : new Set(spec.repos.map((name) => this.repo(name).id)),
      createdAt: this.now(),
      expiresAt: spec.expiresAt ?? null,
      revoked: false,
      ssoRequired: false,
    };
    this.tokens.push(token);
    return token;
  }

  async addRepo(fullName: string, spec: RepoSpec = {}): Promise<Repo> {
    const cut = fullName.lastIndexOf('/');
    const owner = this.addUser(fullName.slice(0, cut));
    const repo = new Repo(this, owner, fullName.slice(cut + 1), spec);
    this.#former.delete(fullName.toLowerCase()); // W1
    this.repos.push(repo);
    await repo.create(new GitRepository(this.pathOf(fullName), this.git), spec);
    return repo;
  }

  /** Somebody's own copy, from which they may open pull requests. */
  async fork(repo: Repo, owner: string): Promise<Repo> {
    const { private: isPrivate, defaultBranch } = repo;
    const spec = { private: isPrivate, defaultBranch, files: null };
    const copy = await this.addRepo(`${owner}/${repo.name}`, spec);
    await copy.git.must(['fetch', '--quiet', repo.git.path, 'refs/heads/*:refs/heads/*']);
    await copy.sync();
    return copy;
  }

  /** By its present name. */
  repo(fullName: string): Repo {
    const found = this.find(fullName);
    if (found === null) throw new Error(`the forge has no repository ${fullName}`);
    return found;
  }

  find(fullName: string): Repo | null {
    const name = fullName.toLowerCase();
    return this.repos.find((repo) => repo.fullName.toLowerCase() === name) ?? null;
  }

  /** W1 */
  formerly(fullName: string): Repo | null {
    return this.#former.get(fullName.toLowerCase()) ?? null;
  }

  /** The folder moves with the name, as the smart protocol finds it there. */
  async moved(repo: Repo, from: string): Promise<GitRepository> {
    const path = this.pathOf(repo.fullName);
    await mkdir(dirname(path), { recursive: true });
    await rename(repo.git.path, path);
    this.#former.set(from.toLowerCase(), repo);
    return new GitRepository(path, this.git);
  }

  pathOf(fullName: string): string {
    return join(this.#deps.home, 'repositories', `${fullName}.git`);
  }

  addApp(slug: string): ForgeApp {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const id = this.id();
    const app: ForgeApp = {
      id,
      clientId: `Iv23${this.#deps.random.token(16)}`,
      slug,
      bot: this.addUser(`${slug}[bot]`, { type: 'Bot' }),
      publicKey,
      privateKey: String(privateKey.export({ type: 'pkcs1', format: 'pem' })),
      installations: [],
    };
    this.apps.push(app);
    return app;
  }

  installApp(
    app: ForgeApp,
    account: string,
    options: { repos?: readonly string[]; permissions?: Installation['permissions'] } = {},
  ): Installation {
    const installation: Installation = {
      id: this.id(),
      account: this.user(account),
      repos:
        options.repos === undefined ? null : new Set(options.repos.map((n) => this.repo(n).id)),
      permissions: options.permissions ?? {
        metadata: 'read',
        contents: 'write',
        pull_requests: 'write',
        checks: 'read',
        statuses: 'read',
        issues: 'write',
        actions: 'read',
      },
      suspendedAt: null,
    };
    app.installations.push(installation);
    return installation;
  }

  /** The secret is long and opaque on purpose, as the newest of the original's. */
  mint(app: ForgeApp, installation: Installation, asked: Partial<TokenSpec>): Token {
    const token: Token = {
      name: `${app.slug}-${this.tokens.length + 1}`,
      secret: `ghs_${this.#deps.random.token(180)}`,
      kind: 'installation',
      user: app.bot,
      identity: `installation-${installation.id}`,
      scopes: [],
      permissions: { ...(asked.permissions ?? installation.permissions), metadata: 'read' },
      repos:
        asked.repos === undefined
          ? installation.repos
          : new Set(asked.repos.map((name) => this.repo(name).id)),
      createdAt: this.now(),
      expiresAt: this.now() + this.installationTokenMs,
      revoked: false,
      ssoRequired: false,
    };
    this.tokens.push(token);
    return token;
  }

  /** null: unknown, expired or revoked; nobody is told which. */
  authenticate(secret: string): Token | null {
    const token = this.tokens.find((known) => known.secret === secret);
    if (token === undefined || token.revoked) return null;
    return token.expiresAt !== null && token.expiresAt <= this.now() ? null : token;
  }

  /** What a token (or nobody) may do with a repository. */
  accessOf(token: Token | null, repo: Repo): Access {
    const open: Access = repo.private ? 'none' : 'read';
    if (token === null) return open;
    if (!this.reaches(token, repo)) return open;
    if (token.kind === 'installation') return 'write';
    const classic = token.permissions === null;
    const scopes = ['repo', 'api', 'write:repository', 'read:repository', 'read_api'];
    if (classic && repo.private && !scopes.some((scope) => token.scopes.includes(scope))) {
      return 'none';
    }
    const own = repo.roleOf(token.user);
    return own === 'none' ? open : own;
  }

  /** An installation for all repositories of an account has those that come later, too. */
  reaches({ repos, kind, identity }: Token, repo: Repo): boolean {
    if (repos !== null) return repos.has(repo.id);
    if (kind !== 'installation') return true;
    return this.apps.some(({ installations }) =>
      installations.some(
        ({ id, account }) => `installation-${id}` === identity && account.id === repo.owner.id,
      ),
    );
  }

  emit(event: ForgeEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** W2. With timers it also runs by itself, so that webhooks come without anybody asking. */
  later(ms: number, run: () => Promise<void>): void {
    this.#agenda.push({ at: this.now() + ms, run });
    this.#deps.timers?.after(ms, () => void this.settle());
  }

  /** Runs what is due, in order. */
  async settle(): Promise<void> {
    for (;;) {
      const due = this.#agenda.filter(({ at }) => at <= this.now()).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) return;
      this.#agenda.splice(this.#agenda.indexOf(due), 1);
      await due.run();
    }
  }
}
