/**
 * Git for the benchmark's repositories: every branch is one commit on the first one and touches a
 * file of its own, so what would be asked of git is known. A process for each such question would
 * be most of the benchmark's time, and says nothing about the town.
 */
import {
  GitRepository,
  type ChangedFile,
  type CommitInfo,
  type GitSettings,
} from '../../src/devforge/git-repository.ts';

const nobody = { name: 'Gas Town', email: 'gastown@devforge.invalid', at: 0 };

export class PlainGit extends GitRepository {
  readonly #first: string;
  readonly #heads: ReadonlySet<string>;

  constructor(path: string, settings: GitSettings, first: string, heads: readonly string[]) {
    super(path, settings);
    this.#first = first;
    this.#heads = new Set(heads);
  }

  override async contains(ancestor: string, tip: string): Promise<boolean> {
    if (!this.#heads.has(tip)) return await super.contains(ancestor, tip);
    return ancestor === tip || ancestor === this.#first;
  }

  override async count(from: string, to: string): Promise<{ ahead: number; behind: number }> {
    if (!this.#heads.has(to)) return await super.count(from, to);
    return { ahead: 1, behind: from === this.#first ? 0 : 1 };
  }

  override async between(base: string, head: string): Promise<readonly CommitInfo[]> {
    return this.#heads.has(head) ? [this.#info(head)] : await super.between(base, head);
  }

  override async changed(base: string, head: string): Promise<readonly ChangedFile[]> {
    return this.#heads.has(head) ? [] : await super.changed(base, head);
  }

  override async commit(sha: string): Promise<CommitInfo> {
    return this.#heads.has(sha) ? this.#info(sha) : await super.commit(sha);
  }

  /** Always clean; of what a merge would hold, nobody looks at the files. */
  override async mergedTree(ours: string): Promise<string> {
    return `${ours}^{tree}`;
  }

  #info(sha: string): CommitInfo {
    const people = { author: nobody, committer: nobody };
    return { sha, tree: `${sha}^{tree}`, parents: [this.#first], ...people, message: 'Change\n' };
  }
}
