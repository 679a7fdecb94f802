/**
 * The forge's side of the benchmark: the development forge over HTTP, ten repositories whose
 * branches ask for a passing check and a review, and who works on them.
 *
 * G1 Nobody merges but a person, and any open pull request is as likely as any other.
 * G2 What is asked of the forge with the town's token is in its own log, and only that is counted.
 */
import { join } from 'node:path';
import { commitOf, type Commit } from '../../src/core/ids.ts';
import { DevForge } from '../../src/devforge/devforge.ts';
import type { Pull } from '../../src/devforge/pull.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import type { SeededRandom } from '../../src/sim/world/random.ts';
import { times } from '../spread.ts';
import { PlainGit } from './plain-git.ts';
import type { BenchTime } from './time.ts';

export const townLogin = 'gastown';
export const person = 'ann';
const check = 'test';
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** How long a run of the checks takes. */
const checksMs = 10 * minute;

/** How long since somebody touched one of them, in parts of all: what an ordinary week leaves. */
export const mix = {
  checksRunning: 0.05,
  touchedWithin2Hours: 0.15,
  touchedWithin7Days: 0.5,
  olderThan7Days: 0.3,
} as const;

export class ForgeGround {
  readonly forge: DevForge;
  readonly repos: Repo[] = [];
  /** Unpublished commits of each repository, one for each pull request it will have. */
  readonly #heads = new Map<string, readonly Commit[]>();
  readonly #merging = new Set<Promise<void>>();
  readonly #time: BenchTime;
  readonly #random: SeededRandom;

  constructor(folder: string, time: BenchTime, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
    const home = join(folder, 'forge');
    this.forge = new DevForge({ home, clock: time, random, timers: time });
  }

  async start(repositories: number, pullsEach: number): Promise<{ token: string }> {
    await this.forge.start();
    this.forge.addUser(person);
    this.forge.addUser(townLogin);
    for (const n of times(repositories)) {
      const { repo } = await this.forge.addRepo(`team/r${n + 1}`, {
        collaborators: { [person]: 'admin', [townLogin]: 'write' },
        protection: { requiredChecks: [check], requiredApprovals: 1 },
      });
      this.repos.push(repo);
      const heads = await commitsOn(repo, pullsEach);
      this.#heads.set(repo.name, heads);
      const first = repo.refs.get(repo.defaultBranch) ?? '';
      repo.git = new PlainGit(repo.git.path, this.forge.world.git, first, heads);
    }
    return { token: this.forge.addToken(townLogin, { scopes: ['repo'] }).secret };
  }

  async stop(): Promise<void> {
    await this.forge.stop();
    if (this.forge.bugs.length > 0) throw new AggregateError(this.forge.bugs, 'bugs of the forge');
  }

  repo(name: string): Repo {
    return this.forge.world.repo(`team/${name}`);
  }

  /** The commit of the repository's pull request of this number. */
  head(name: string, number: number): Commit {
    const found = this.#heads.get(name)?.[number - 1];
    if (found === undefined) throw new Error(`${name} has no commit for ${number}`);
    return found;
  }

  async publish(name: string, branches: ReadonlyMap<string, Commit>): Promise<void> {
    const repo = this.repo(name);
    const lines = [...branches].map(([branch, head]) => `create refs/heads/${branch} ${head}\n`);
    await repo.git.must(['update-ref', '--stdin'], { input: lines.join('') });
    await repo.sync(repo.world.user(townLogin));
  }

  openPulls(): readonly Pull[] {
    return this.repos.flatMap(({ pulls }) => pulls).filter(({ state }) => state === 'open');
  }

  /** Green, and last touched as long ago as the mix has it. */
  settleIn(): void {
    const pulls = this.openPulls();
    for (const [index, pull] of pulls.entries()) {
      pull.addCheckRun({ name: check });
      // Neighbours in number are far apart in age: no repository is all old or all new.
      pull.updatedAt = this.#time.now() - this.#quietMs(((index * 7919) % 1009) / 1009);
    }
    for (const _ of times(Math.round(pulls.length * mix.checksRunning))) {
      this.#rerun(this.#random.below(checksMs));
    }
  }

  #quietMs(part: number): number {
    if (part < mix.olderThan7Days) return this.#random.between(7 * day, 30 * day);
    const recent = mix.checksRunning + mix.touchedWithin2Hours;
    if (part < 1 - recent) return this.#random.between(2 * hour, 7 * day);
    return this.#random.between(minute, 2 * hour);
  }

  /** Somebody has checks run again; when they are done, others do: always as many at one time. */
  #rerun(takesMs: number): void {
    const pull = this.#random.pick(this.openPulls());
    pull.comment(person, '/retest');
    const run = pull.addCheckRun({ name: check, status: 'in_progress' });
    this.#time.after(takesMs, () => {
      pull.repo.finishCheckRun(run, 'success');
      this.#rerun(checksMs);
    });
  }

  /** Comments, as many as keep that many pull requests recently touched. */
  comments(forMs: number): void {
    const perHour = (this.openPulls().length * mix.touchedWithin2Hours) / 2;
    for (const _ of times(Math.round((perHour * forMs) / hour))) {
      this.#time.after(this.#random.below(forMs), () => {
        this.#random.pick(this.openPulls()).comment(person, 'Any news?');
      });
    }
  }

  /** G1. Merges so many, evenly over this time. */
  merges(count: number, forMs: number, merged: (pull: Pull) => void): void {
    for (const n of times(count)) {
      const at = Math.floor(((n + this.#random.below(1000) / 1000) * forMs) / count);
      this.#time.after(at, () => {
        const merging = this.#merge(merged)
          .catch((error: unknown) => void this.forge.bugs.push(error))
          .finally(() => this.#merging.delete(merging));
        this.#merging.add(merging);
      });
    }
  }

  async #merge(merged: (pull: Pull) => void): Promise<void> {
    const pull = this.#random.pick(this.openPulls());
    merged(pull);
    await pull.merge(person, { bypass: true });
  }

  /** Every merge is made, every delivery answered. */
  async idle(): Promise<void> {
    while (this.#merging.size > 0) await Promise.all(this.#merging);
    await this.forge.hooks.idle();
  }
}

/** Each with a file of its own, so that all of them can be merged. */
async function commitsOn(repo: Repo, count: number): Promise<readonly Commit[]> {
  const tip = repo.refs.get(repo.defaultBranch) ?? '';
  const who = `Gas Town <gastown@devforge.invalid> ${Math.floor(repo.world.now() / 1000)} +0000`;
  const commits = times(count).map((n) => {
    const mark = n + 1;
    const head = `commit refs/pool/${mark}\nmark :${mark}\nauthor ${who}\ncommitter ${who}\n`;
    const file = `M 100644 inline change-${mark}.txt\ndata 3\nnew\n\n`;
    return `${head}data 6\nChange\nfrom ${tip}\n${file}`;
  });
  await repo.git.must(['fast-import', '--quiet'], { input: commits.join('') });
  const listed = await repo.git.must([
    'for-each-ref',
    '--format=%(refname:lstrip=2) %(objectname)',
    'refs/pool/',
  ]);
  const found = new Map(
    listed
      .trim()
      .split('\n')
      .map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? ''] as const),
  );
  return times(count).map((n) => commitOf(found.get(n + 1) ?? ''));
}
