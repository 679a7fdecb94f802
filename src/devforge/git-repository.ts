/**
 * A real bare repository, driven by real git: refs, merges, squashes and rebases are made by
 * plumbing and never need a working tree.
 *
 * G1 Nothing of the person's git configuration is read. G2 A ref only moves from the commit it
 *    was read at. G3 Every commit's dates come from the forge's clock.
 */
import { execFile } from 'node:child_process';

export interface GitSettings {
  /** Where git and its companions are found. */
  readonly searchPath: string;
  readonly home: string;
}

export interface Signature {
  readonly name: string;
  readonly email: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export interface CommitInfo {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

export interface ChangedFile {
  readonly path: string;
  readonly status: 'added' | 'modified' | 'removed';
  readonly sha: string;
  readonly additions: number;
  readonly deletions: number;
}

export interface FileChange {
  readonly branch: string;
  /** null removes the file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly message: string;
  readonly by: Signature;
  /** Another parent than the branch's tip: a forced push. */
  readonly from?: string;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const NUL = '\0';
const FORMAT = ['%H', '%T', '%P', '%an', '%ae', '%at', '%cn', '%ce', '%ct', '%B'].join('%x00');

export class GitRepository {
  readonly path: string;
  readonly #settings: GitSettings;
  readonly #commits = new Map<string, CommitInfo>();
  readonly #ranges = new Once<readonly CommitInfo[]>();
  readonly #ancestry = new Once<boolean>();
  readonly #changes = new Once<readonly ChangedFile[]>();

  constructor(path: string, settings: GitSettings) {
    this.path = path;
    this.#settings = settings;
  }

  async init(defaultBranch: string): Promise<void> {
    await this.must(['init', '--quiet', '--bare', `--initial-branch=${defaultBranch}`, this.path]);
    await this.must(['config', 'http.receivepack', 'true']);
    await this.must(['config', 'uploadpack.allowFilter', 'true']);
    await this.must(['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  }

  /** Branches and where they point. */
  async branches(): Promise<Map<string, string>> {
    const out = await this.must([
      'for-each-ref',
      '--format=%(refname:lstrip=2) %(objectname)',
      'refs/heads/',
    ]);
    const rows = out.split('\n').filter((line) => line !== '');
    return new Map(
      rows.map((row): [string, string] => {
        const at = row.lastIndexOf(' ');
        return [row.slice(0, at), row.slice(at + 1)];
      }),
    );
  }

  async resolve(name: string): Promise<string | null> {
    if (name.startsWith('-')) return null;
    const ran = await this.run(['rev-parse', '--verify', '--quiet', `${name}^{commit}`]);
    return ran.code === 0 ? ran.out.trim() : null;
  }

  async commit(sha: string): Promise<CommitInfo> {
    const known = this.#commits.get(sha);
    if (known !== undefined) return known;
    const [found] = await this.#log(['-1', sha]);
    if (found === undefined) throw new Error(`no commit ${sha}`);
    return found;
  }

  /** Newest first, those of `head` that are not in `base`. */
  async between(base: string, head: string): Promise<readonly CommitInfo[]> {
    return await this.#ranges.ask([base, head], () => this.#log([head, `^${base}`]));
  }

  async count(from: string, to: string): Promise<{ ahead: number; behind: number }> {
    const out = await this.must(['rev-list', '--left-right', '--count', `${from}...${to}`]);
    const [behind, ahead] = out.trim().split(/\s+/).map(Number);
    return { ahead: ahead ?? 0, behind: behind ?? 0 };
  }

  async mergeBase(a: string, b: string): Promise<string | null> {
    const ran = await this.run(['merge-base', a, b]);
    return ran.code === 0 ? ran.out.trim() : null;
  }

  async contains(ancestor: string, tip: string): Promise<boolean> {
    const ask = async (): Promise<boolean> =>
      (await this.run(['merge-base', '--is-ancestor', ancestor, tip])).code === 0;
    return await this.#ancestry.ask([ancestor, tip], ask);
  }

  async changed(base: string, head: string): Promise<readonly ChangedFile[]> {
    return await this.#changes.ask([base, head], () => this.#changed(base, head));
  }

  async #changed(base: string, head: string): Promise<readonly ChangedFile[]> {
    const from = (await this.mergeBase(base, head)) ?? base;
    const raw = await this.must(['diff-tree', '-r', '--no-renames', '-z', '--raw', from, head]);
    const counts = await this.must(['diff-tree', '-r', '--no-renames', '--numstat', from, head]);
    const lines = new Map(
      counts.split('\n').map((row): [string, readonly number[]] => {
        const [plus, minus, path] = row.split('\t');
        return [path ?? '', [Number(plus) || 0, Number(minus) || 0]];
      }),
    );
    return rawFiles(raw).map(({ path, status, sha }) => {
      const [additions = 0, deletions = 0] = lines.get(path) ?? [];
      return { path, status, sha, additions, deletions };
    });
  }

  async patch(base: string, head: string): Promise<string> {
    return await this.must(['diff', `${base}...${head}`]);
  }

  async file(at: string, path: string): Promise<string | null> {
    const ran = await this.run(['cat-file', 'blob', `${at}:${path}`]);
    return ran.code === 0 ? ran.out : null;
  }

  /** The merged tree, or null: they conflict. */
  async mergedTree(ours: string, theirs: string): Promise<string | null> {
    const ran = await this.run([
      'merge-tree',
      '--write-tree',
      '--no-messages',
      '--allow-unrelated-histories',
      ours,
      theirs,
    ]);
    if (ran.code === 0) return ran.out.trim().split('\n')[0] ?? null;
    if (ran.code === 1) return null;
    throw new Error(`git merge-tree: ${ran.err}`);
  }

  async makeCommit(
    tree: string,
    parents: readonly string[],
    message: string,
    author: Signature,
    committer: Signature,
  ): Promise<string> {
    const args = ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])];
    const env = { ...signed('AUTHOR', author), ...signed('COMMITTER', committer) };
    return (await this.must(args, { env, input: message })).trim();
  }

  /** The commits of `head` one by one on top of `onto`; null: one of them conflicts. */
  async rebased(onto: string, head: string, by: Signature): Promise<string | null> {
    const own = [...(await this.between(onto, head))].reverse();
    let tip = onto;
    for (const commit of own.filter(({ parents }) => parents.length === 1)) {
      const { tree: tipTree } = await this.commit(tip);
      // A commit with the tip's tree and the picked commit's parent makes that parent the base.
      const stand = await this.makeCommit(tipTree, commit.parents, 'stand', by, by);
      const tree = await this.mergedTree(stand, commit.sha);
      if (tree === null) return null;
      tip = await this.makeCommit(tree, [tip], commit.message, commit.author, by);
    }
    return tip;
  }

  /** G2. false: the ref is elsewhere. */
  async moveBranch(branch: string, to: string | null, from: string | null): Promise<boolean> {
    const ref = `refs/heads/${branch}`;
    const old = from ?? '0'.repeat(40);
    const args = to === null ? ['update-ref', '-d', ref, old] : ['update-ref', ref, to, old];
    return (await this.run(args)).code === 0;
  }

  async commitFiles(change: FileChange): Promise<string> {
    const tip = change.from ?? (await this.resolve(`refs/heads/${change.branch}`));
    const who = `${change.by.name} <${change.by.email}> ${seconds(change.by.at)} +0000`;
    const parts = [
      `commit refs/heads/${change.branch}\nauthor ${who}\ncommitter ${who}\n`,
      data(change.message),
      tip === null ? '' : `from ${tip}\n`,
      ...Object.entries(change.files).map(([path, content]) =>
        content === null ? `D ${path}\n` : `M 100644 inline ${path}\n${data(content)}`,
      ),
    ];
    await this.must(['fast-import', '--quiet', '--force'], { input: parts.join('') });
    return (await this.must(['rev-parse', `refs/heads/${change.branch}`])).trim();
  }

  async must(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const ran = await this.run(args, options);
    if (ran.code !== 0) throw new Error(`git ${args[0] ?? ''}: ${ran.err}`);
    return ran.out;
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const place = args[0] === 'init' ? [] : [`--git-dir=${this.path}`];
    const env = { ...gitEnv(this.#settings), ...options.env };
    return await new Promise((done) => {
      const limits = { env, maxBuffer: 256 * 1024 * 1024, encoding: 'utf8' } as const;
      const child = execFile('git', [...place, ...args], limits, (error, out, err) => {
        const code = typeof error?.code === 'number' ? error.code : 1;
        done({
          code: error === null ? 0 : code,
          out,
          err: err === '' ? (error?.message ?? '') : err,
        });
      });
      child.stdin?.on('error', () => {}); // git ended before it read all: its exit code says so
      child.stdin?.end(options.input ?? '');
    });
  }

  async #log(args: readonly string[]): Promise<readonly CommitInfo[]> {
    const out = await this.must(['log', '-z', `--format=${FORMAT}%x01`, ...args, '--']);
    const commits = out
      .split('\x01')
      .map((row) => row.replace(/^\0/, ''))
      .filter((row) => row !== '')
      .map(commitOfRow);
    for (const commit of commits) this.#commits.set(commit.sha, commit);
    return commits;
  }
}

/** G4 */
class Once<T> {
  readonly #known = new Map<string, Promise<T>>();

  async ask(shas: readonly string[], run: () => Promise<T>): Promise<T> {
    if (!shas.every((sha) => /^[0-9a-f]{40}$/.test(sha))) return await run();
    const key = shas.join(' ');
    const known = this.#known.get(key) ?? run();
    this.#known.set(key, known);
    try {
      return await known;
    } catch (error) {
      this.#known.delete(key); // its objects may arrive later
      throw error;
    }
  }
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** G1 */
export function gitEnv(settings: GitSettings): Record<string, string> {
  return {
    PATH: settings.searchPath,
    HOME: settings.home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
  };
}

function commitOfRow(row: string): CommitInfo {
  const [sha = '', tree = '', parents = '', ...rest] = row.split(NUL);
  const [an = '', ae = '', at = '0', cn = '', ce = '', ct = '0', message = ''] = rest;
  return {
    sha,
    tree,
    parents: parents === '' ? [] : parents.split(' '),
    author: { name: an, email: ae, at: Number(at) * 1000 },
    committer: { name: cn, email: ce, at: Number(ct) * 1000 },
    message: message.trimEnd(),
  };
}

function rawFiles(raw: string): readonly Pick<ChangedFile, 'path' | 'status' | 'sha'>[] {
  const fields = raw.split(NUL);
  const files: Pick<ChangedFile, 'path' | 'status' | 'sha'>[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, , , sha = '', letter = 'M'] = (fields[at] ?? '').split(' ');
    const status = letter === 'A' ? 'added' : letter === 'D' ? 'removed' : 'modified';
    files.push({ path: fields[at + 1] ?? '', status, sha });
  }
  return files;
}

function signed(role: 'AUTHOR' | 'COMMITTER', who: Signature): Record<string, string> {
  return {
    [`GIT_${role}_NAME`]: who.name,
    [`GIT_${role}_EMAIL`]: who.email,
    [`GIT_${role}_DATE`]: `@${seconds(who.at)} +0000`,
  };
}

function seconds(at: number): number {
  return Math.floor(at / 1000);
}

function data(content: string): string {
  return `data ${Buffer.byteLength(content)}\n${content}\n`;
}
