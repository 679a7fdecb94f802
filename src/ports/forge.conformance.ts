/**
 * What every adapter of the `forge` port must do, against a forge that is served over HTTP. Run by
 * the adapter's own test, which says how the forge is spoken to and what its provider lacks.
 */
import { afterAll, afterEach, beforeAll, test } from 'vitest';
import type { ForgeProject, PullRequestRef, PullRequestSnapshot } from '../core/pull-request.ts';
import type { PRStatusError, PRStatusOutcome } from '../core/pr-status.ts';
import { instant } from '../core/time.ts';
import type { DevForge } from '../devforge/devforge.ts';
import type { RepoSpec } from '../devforge/model.ts';
import type { Pull } from '../devforge/pull.ts';
import type { Repo } from '../devforge/repo.ts';
import { dequeueCases } from './forge-dequeue.conformance.ts';
import { errorCases } from './forge-errors.conformance.ts';
import type { ForgeContext, ForgePort } from './forge.ts';
import { mergeCases } from './forge-merge.conformance.ts';
import { openCases } from './forge-open.conformance.ts';
import { readingCases } from './forge-reading.conformance.ts';
import { writeCases } from './forge-write.conformance.ts';

export interface ForgeWorld {
  readonly served: DevForge;
  readonly clock: { now(): number; pass(ms: number): void };
  /** A new adapter with parts of its own, asking with this secret; null: none is set up. */
  port(secret: string | null): ForgePort;
  projectOf(repo: Repo): ForgeProject;
  /** A token of this user that may do less: the secret. */
  weakToken(login: string, lacks: 'writing' | 'checks' | 'pull_requests'): string;
  /** What the probe names for a token that lacks writing. */
  readonly namesOfWriting: readonly string[];
  /** How long, really, the adapter's requests may take; null: as long as in use. */
  patience(ms: number | null): void;
  end(): Promise<void>;
}

/** What a provider may lack; the reason is printed with the skipped test. */
export type Feature =
  | 'behind'
  | 'bot_threads'
  | 'conflict'
  | 'draft'
  | 'empty_refused'
  | 'merge_queue'
  | 'outdated_threads'
  | 'permissions'
  | 'primary_limit'
  | 'rename'
  | 'required_checks'
  | 'resolved_threads'
  | 'reviews'
  | 'sso'
  | 'unknown_words';

/** One test's own repository, with `ann` (admin), whose token is used, `bob` (write), `eve`. */
export class Scene {
  readonly world: ForgeWorld;
  readonly repo: Repo;
  readonly secret: string;
  readonly port: ForgePort;
  readonly context: ForgeContext;

  constructor(world: ForgeWorld, repo: Repo) {
    this.world = world;
    this.repo = repo;
    this.secret = world.served.addToken('ann').secret;
    this.port = world.port(this.secret);
    this.context = { rig: 'web', project: world.projectOf(repo) };
  }

  async pull(
    head: string,
    options: { readonly draft?: boolean; readonly body?: string } = {},
  ): Promise<Pull> {
    await this.repo.push('ann', head, { [`${head.replaceAll('/', '-')}.txt`]: `${head}\n` });
    const by = this.world.served.world.user('ann');
    const { draft = false, body = null } = options;
    return await this.repo.openPull({ by, title: head, body, head, base: 'main', draft });
  }

  /** Known by its number alone, as from a URL; a node id is learned by reading. */
  ref(pull: Pull): PullRequestRef {
    const { project } = this.context;
    return { project, number: pull.number, nodeId: null, url: `${project.origin}/${pull.number}` };
  }

  async outcome(pull: Pull, port = this.port): Promise<PRStatusOutcome> {
    const [outcome] = await port.checkPRStatuses(this.context, [this.ref(pull)]);
    if (outcome === undefined) throw new Error('no outcome for a target');
    return outcome;
  }

  /** Read twice: a forge computes mergeability when it is first asked for it. */
  async snapshot(pull: Pull): Promise<PullRequestSnapshot> {
    await this.outcome(pull);
    const outcome = await this.outcome(pull);
    if (!outcome.ok) throw new Error(`not read: ${JSON.stringify(outcome.error)}`);
    return outcome.result;
  }

  async error(pull: Pull, port = this.port): Promise<PRStatusError> {
    const outcome = await this.outcome(pull, port);
    if (outcome.ok) throw new Error('it was read');
    return outcome.error;
  }

  now() {
    return instant(this.world.clock.now());
  }
}

export interface Cases {
  /** A test with a scene of its own. */
  readonly check: Check;
  /** As `check`, for a provider that has this. */
  readonly checkIf: (feature: Feature) => Check;
}

export type Check = (title: string, body: (scene: Scene) => Promise<void>, spec?: RepoSpec) => void;

export function forgeConformance(
  name: string,
  makeWorld: () => Promise<ForgeWorld>,
  lacks: Readonly<Partial<Record<Feature, string>>> = {},
): void {
  const held: { world: ForgeWorld | null; repos: number } = { world: null, repos: 0 };
  const worldNow = (): ForgeWorld => {
    if (held.world === null) throw new Error('the world is not made yet');
    return held.world;
  };

  beforeAll(async () => {
    held.world = await makeWorld();
    for (const login of ['ann', 'bob', 'eve', 'mal']) held.world.served.addUser(login);
    held.world.served.addUser('checker[bot]', { type: 'Bot' });
  });
  afterEach(() => {
    const world = worldNow();
    world.served.faults.clear();
    world.served.world.mergeabilityMs = 0;
    world.patience(null);
  });
  afterAll(async () => {
    await held.world?.end();
  });

  const run = async (body: (scene: Scene) => Promise<void>, spec: RepoSpec): Promise<void> => {
    const { served } = worldNow();
    held.repos += 1;
    const collaborators = { ann: 'admin', bob: 'write', eve: 'read' } as const;
    const { repo } = await served.addRepo(`acme/app-${held.repos}`, { collaborators, ...spec });
    await body(new Scene(worldNow(), repo));
  };
  const check: Check = (title, body, spec = {}) => {
    // The titles are the literals in the files of cases.
    // oxlint-disable-next-line vitest/valid-title
    test(`${name} ${title}`, () => run(body, spec));
  };
  const checkIf: Cases['checkIf'] =
    (feature) =>
    (title, body, spec = {}) => {
      const reason = lacks[feature];
      const whole = reason === undefined ? title : `${title} (skipped: ${reason})`;
      // oxlint-disable-next-line vitest/valid-title
      test.skipIf(reason !== undefined)(`${name} ${whole}`, () => run(body, spec));
    };

  const cases = { check, checkIf };
  readingCases(cases);
  errorCases(cases);
  openCases(cases);
  mergeCases(cases);
  dequeueCases(cases);
  writeCases(cases);
}
