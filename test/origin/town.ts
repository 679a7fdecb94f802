/**
 * A town as a host composes it: the production `Town`, the production door, credentials and
 * GitHub adapter, over whatever SQL and alarm the host has. Only the far ends are models.
 *
 * T1 `settle` returns when nothing that was started is still under way, but what nobody answers.
 * T2 Tokens are sealed, stored by the town and opened again for each call, as a host does it.
 * T3 After `die` not a word leaves it: what it had started ends in nothing.
 */
import { assert } from '../../src/core/assert.ts';
import type { Command } from '../../src/core/command.ts';
import type { Escalation } from '../../src/core/escalation.ts';
import type { MergeRequest } from '../../src/core/merge-request.ts';
import { Secret } from '../../src/core/secret.ts';
import type { ForgeContext, ForgePort } from '../../src/ports/forge.ts';
import type { Alarm, Log, Random } from '../../src/ports/host.ts';
import type { Sql } from '../../src/ports/sql.ts';
import {
  bindToken,
  type AppSource,
  type CredentialSources,
  type StoredToken,
} from '../../src/scm/credentials.ts';
import { GitHubForge } from '../../src/scm/github/adapter.ts';
import type { ForgeDoor } from '../../src/scm/http.ts';
import { RateBudgets } from '../../src/scm/rate-budget.ts';
import { maskOf, SecretBox } from '../../src/scm/secret-box.ts';
import { beads } from '../../src/storage/tables/beads.ts';
import { attempts } from '../../src/storage/tables/attempts.ts';
import { escalations } from '../../src/storage/tables/escalations.ts';
import { journal, type JournalRow } from '../../src/storage/tables/journal.ts';
import { mergeRequests } from '../../src/storage/tables/merge-requests.ts';
import { secrets } from '../../src/storage/tables/secrets.ts';
import { Town } from '../../src/town/town.ts';
import { EagerRunner } from './runner.ts';
import { API, ORIGIN } from './forge.ts';
import type { OriginWorld, Word } from './world.ts';

const project = { provider: 'github', origin: ORIGIN, apiBase: API, path: 'acme/web' } as const;
const everything = 100_000;

export interface OriginGround {
  readonly world: OriginWorld;
  readonly sql: Sql;
  readonly alarm: Alarm;
}

export class OriginTown {
  readonly town: Town;
  /** What the host would have written into its log as an error. */
  readonly errors: string[] = [];
  readonly #ground: OriginGround;
  readonly #underWay = new Set<Promise<unknown>>();
  #box: SecretBox | null = null;
  #dead = false;

  constructor(ground: OriginGround) {
    this.#ground = ground;
    const { world, sql, alarm } = ground;
    world.forge.unanswered = 0; // of an earlier life
    const log: Log = {
      info: () => undefined,
      error: (event, data) => void this.errors.push(`${event} ${JSON.stringify(data)}`),
    };
    const runner = new EagerRunner(world.machine, (word) => this.#later(word));
    const watched = this.#watched(runner);
    const forge: ForgePort = this.#watched(
      new GitHubForge({
        door: this.#door(),
        budgets: new RateBudgets(),
        clock: world.time,
        timers: world.time,
        sources: (context) => this.#sources(context),
      }),
    );
    const clock = world.time;
    const host = { sql, alarm, log, clock, random: countingRandom() };
    this.town = new Town({
      ...host,
      timers: world.time,
      runner: () => watched,
      forge,
      build: 'test',
    });
    this.town.boot();
    runner.connect();
  }

  /** T1 */
  async settle(): Promise<void> {
    while (this.#underWay.size > this.#ground.world.forge.unanswered) {
      await Promise.race([Promise.all(this.#underWay), nextTurn()]);
      await nextTurn(); // what was answered is told
    }
  }

  /** T3. The process is gone: nothing of it hears or says anything any more. */
  die(): void {
    this.#dead = true;
  }

  command(command: Command): string {
    const answer = this.town.command(command, 'person:ada');
    assert(answer.ok, answer.ok ? '' : `refused: ${JSON.stringify(answer.error)}`);
    return answer.value.id;
  }

  addRig(): string {
    return this.command({
      kind: 'rig_add',
      name: 'web',
      prefix: null,
      remote: `${ORIGIN}/acme/web.git`,
      lends: null,
      target: 'main',
      forge: project,
      updateCheckout: false,
      createTargetFrom: null,
      consent: true,
      report: null,
    });
  }

  sling(title: string): string {
    const who = { agent: null, model: null };
    const how = { after: [], priority: 2, hold: false } as const;
    return this.command({ kind: 'sling', rig: 'web', title, body: '', ...how, ...who });
  }

  /** T2 */
  async setToken(text: string, rig: string | null = null): Promise<void> {
    const secret = new Secret(text);
    const sealed = await (await this.#secretBox()).seal(text, scopeOf(rig));
    const bound = { provider: 'github', origin: ORIGIN, apiOrigin: API, login: null } as const;
    this.command({ kind: 'credential_set', rig, ...bound, sealed, mask: maskOf(secret) });
  }

  removeToken(rig: string | null = null): void {
    this.command({ kind: 'credential_remove', rig, origin: ORIGIN });
  }

  request(bead: string): MergeRequest {
    const found = mergeRequests.live(this.#ground.sql, everything).find((row) => row.bead === bead);
    assert(found !== undefined, `${bead} has no merge request`);
    return found;
  }

  beadStatus(bead: string): string {
    return beads.get(this.#ground.sql, bead)?.status ?? 'none';
  }

  attemptsGranted(): number {
    return attempts.recent(this.#ground.sql, everything).length;
  }

  journal(): readonly JournalRow[] {
    return journal.after(this.#ground.sql, 0, everything);
  }

  openEscalations(): readonly Escalation[] {
    return escalations.open(this.#ground.sql);
  }

  /** Everything the town holds, as text, for whoever looks for what must not be there. */
  everythingStored(): string {
    const { sql } = this.#ground;
    const rows = [journal.after(sql, 0, everything), mergeRequests.live(sql, everything)];
    return JSON.stringify([...rows, escalations.recent(sql, everything), this.errors]);
  }

  #later(word: Word): void {
    const told = nextTurn().then(() => {
      if (this.#dead) return;
      for (const fact of word.facts) this.town.fact(fact);
      word.heard = true;
    });
    this.#watch(told);
  }

  #watch(promise: Promise<unknown>): void {
    const over = (): void => void this.#underWay.delete(done);
    const done: Promise<void> = promise.then(over, over);
    this.#underWay.add(done);
  }

  /** The same port; what it promises is waited for by `settle`. */
  #watched<P extends object>(port: P): P {
    const live = async (answer: Promise<unknown>): Promise<unknown> => {
      this.#watch(answer);
      await Promise.allSettled([answer]);
      if (this.#dead) await new Promise(() => undefined); // T3
      return await answer;
    };
    return new Proxy(port, {
      get(target, name): unknown {
        const verb: unknown = Reflect.get(target, name);
        if (typeof verb !== 'function') return verb;
        return (...args: readonly unknown[]): unknown => {
          const answer: unknown = Reflect.apply(verb, target, args);
          return answer instanceof Promise ? live(answer) : answer;
        };
      },
    });
  }

  #door(): ForgeDoor {
    const { world } = this.#ground;
    return {
      fetch: (url, init) => world.forge.fetch(url, init),
      clock: world.time,
      timers: world.time,
      userAgent: 'gastown/test',
      httpOrigins: [],
    };
  }

  /** T2 */
  async #sources({ rig }: ForgeContext): Promise<CredentialSources> {
    const { world } = this.#ground;
    return {
      rigTokens: await this.#stored(rig),
      rigApp: null,
      townCliTokens: [],
      townTokens: await this.#stored(null),
      townApp: world.issuerDown ? downApp : null,
      pinnedTo: null,
      machine: null,
    };
  }

  async #stored(rig: string | null): Promise<readonly StoredToken[]> {
    const scope = scopeOf(rig);
    const box = await this.#secretBox();
    const rows = secrets.of(this.#ground.sql, scope);
    return await Promise.all(
      rows.map(async ({ sealed }) => {
        const opened = await box.open(sealed, scope);
        assert(opened.ok, 'what was sealed opens');
        return bindToken(project, opened.value);
      }),
    );
  }

  async #secretBox(): Promise<SecretBox> {
    this.#box ??= await SecretBox.from(new Uint8Array(32).fill(7));
    return this.#box;
  }
}

const downApp: AppSource = {
  id: 'app',
  provider: 'github',
  origin: ORIGIN,
  apiOrigin: API,
  issue: async () => ({ ok: false, why: 'unavailable', cause: 'HTTP 502' }),
  forget: () => undefined,
};

function scopeOf(rig: string | null): string {
  return rig === null ? 'town' : `rig:${rig}`;
}

function countingRandom(): Random {
  let n = 0;
  const next = (): number => (n += 1);
  return {
    below: (bound) => next() % bound,
    token: (chars) => next().toString(36).padStart(chars, '0').slice(-chars),
  };
}

/** Everything that was ready to run has run. */
function nextTurn(): Promise<void> {
  return new Promise((done) => void setTimeout(done, 0));
}
