/**
 * The town's side of the benchmark: the production `Town` over SQLite, the production
 * door, adapters, credentials and webhooks, over real HTTP. Only the runner is a model.
 *
 * T1 One pull request in each repository is opened by the town itself; the rows of the others are
 *    copies of these, so they follow the code. T2 A delivery takes `deliveryMs` on its way.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { assert } from '../../src/core/assert.ts';
import type { Command } from '../../src/core/command.ts';
import type { MergeRequest } from '../../src/core/merge-request.ts';
import { instant, type Instant } from '../../src/core/time.ts';
import type { Pull } from '../../src/devforge/pull.ts';
import type { Repo } from '../../src/devforge/repo.ts';
import { makeForgeParts, type ForgeParts } from '../../src/hosts/node/forge-parts.ts';
import { openSqlite } from '../../src/hosts/node/sqlite.ts';
import type { Log } from '../../src/ports/host.ts';
import type { Sql } from '../../src/ports/sql.ts';
import type { SeededRandom } from '../../src/sim/world/random.ts';
import { agenda } from '../../src/storage/agenda.ts';
import { beads } from '../../src/storage/tables/beads.ts';
import { mergeRequests } from '../../src/storage/tables/merge-requests.ts';
import { rigs } from '../../src/storage/tables/rigs.ts';
import { Town } from '../../src/town/town.ts';
import { copies } from '../model-town.ts';
import { times } from '../spread.ts';
import { townLogin, type ForgeGround } from './ground.ts';
import { BenchRunner } from './runner.ts';
import type { BenchTime } from './time.ts';
import { Wire } from './wire.ts';

/** T2. Milliseconds: at least, and less than. */
export const deliveryMs = [300, 3000] as const;
const hour = 3_600_000;
const lately = hour / 4;
const everything = 10_000;

export interface Outside {
  readonly ground: ForgeGround;
  readonly time: BenchTime;
  readonly random: SeededRandom;
}

export class ForgeTown {
  readonly town: Town;
  readonly #sql: Sql;
  readonly #parts: ForgeParts;
  readonly #outside: Outside;
  readonly #wire: Wire;
  #alarmAt: Instant | null = null;
  #server: Server | null = null;
  #slung = 0;

  static async open(outside: Outside): Promise<ForgeTown> {
    const { time, random } = outside;
    const sql = openSqlite(':memory:');
    const wire = new Wire(time, random);
    const towns: Town[] = [];
    const parts = await makeForgeParts({
      sql,
      clock: time,
      timers: wire.timers,
      random,
      log: logInto(wire.bugs),
      key: new Uint8Array(32).fill(7),
      env: {},
      version: 'bench',
      fetch: (url, init) => wire.fetch(url, init),
      tell: (fact) => towns.forEach((town) => town.fact(fact)),
    });
    const made = new ForgeTown(sql, parts, outside, wire);
    towns.push(made.town);
    return made;
  }

  private constructor(sql: Sql, parts: ForgeParts, outside: Outside, wire: Wire) {
    this.#sql = sql;
    this.#parts = parts;
    this.#outside = outside;
    this.#wire = wire;
    const runner = new BenchRunner(outside.ground, wire, (word) => {
      const told = new Promise((done) => setImmediate(done)).then(() => {
        for (const fact of word.facts) this.town.fact(fact);
        word.heard = true;
      });
      wire.watch(told);
    });
    const watched = wire.watched(runner);
    this.town = new Town({
      sql,
      clock: outside.time,
      timers: outside.time,
      random: outside.random,
      alarm: { set: (at) => (this.#alarmAt = at) },
      log: logInto(wire.bugs),
      runner: () => watched,
      forge: wire.watched(parts.port),
      build: 'bench',
    });
    this.town.boot();
    runner.connect();
  }

  /** T1. Rigs on every repository, and a pull request for each commit prepared there. */
  async begin(token: string, pullsEach: number): Promise<void> {
    const { ground, time } = this.#outside;
    const { web: origin, api: apiBase } = ground.forge.urls;
    const instance = { provider: 'github', url: origin, apiBase, sshHost: null } as const;
    const set = {
      'forge.instances': [{ ...instance, allowHttp: true }],
      'credentials.machine': false,
    };
    this.#command({ kind: 'settings_set', rig: null, set, unset: [] });
    for (const repo of ground.repos) this.#addRig(repo);
    await this.#setToken(origin, token);
    for (const { name } of ground.repos) this.#sling(name);
    const isReady = (): boolean =>
      this.requests().filter(({ snapshot }) => snapshot !== null).length === ground.repos.length;
    const end = time.now() + lately;
    while (!isReady()) {
      const went = await this.step(end);
      assert(went, `pull requests were not opened: ${JSON.stringify(this.requests())}`);
    }
    while (await this.step(end)); // what was pushed lately is hot
    time.to(instant(end));
    for (const repo of ground.repos) await this.#multiply(repo, pullsEach);
  }

  async #multiply(repo: Repo, count: number): Promise<void> {
    const { ground, time } = this.#outside;
    const original = this.requests().find(({ rig }) => rig === repo.name);
    const { prNodeId, publishedAt, head, branch, target, account } = original ?? {};
    assert(prNodeId && publishedAt && head && branch && target && account, 'it is open');
    const numbers = times(count - 1).map((n) => n + 2);
    const branchOf = (number: number): string =>
      branch.replace(`/${repo.name}-1/`, `/${repo.name}-${number}/`);
    const branches = numbers.map((n) => [branchOf(n), ground.head(repo.name, n)] as const);
    await ground.publish(repo.name, new Map(branches));
    const pulls = new Map<number, Pull>();
    for (const number of numbers) {
      const about = { by: repo.world.user(townLogin), title: `Change ${number}`, body: null };
      const pull = await repo.openPull({ ...about, head: branchOf(number), base: target });
      pulls.set(pull.number, pull);
    }
    this.#sql.transaction((tx) => {
      const made = copies(tx, repo.name, 1, 2, numbers.length, (text, number) =>
        text
          .replaceAll(prNodeId, pulls.get(number)?.nodeId ?? '')
          .replaceAll(head, ground.head(repo.name, number))
          .replaceAll('"prNumber":1,', `"prNumber":${number},`)
          .replaceAll('/pull/1"', `/pull/${number}"`)
          .replaceAll(`"publishedAt":${publishedAt}`, `"publishedAt":${publishedAt - hour}`),
      );
      const rig = rigs.all(tx).find(({ id }) => id === repo.name);
      assert(rig !== undefined, `there is a rig ${repo.name}`);
      rigs.update(tx, rig.id, { nextBead: 2 + made });
      const name = { kind: 'forge_account', id: account } as const;
      agenda.touch(tx, name, time.now(), agenda.lastSeq(tx) + 1);
    });
    this.town.alarm();
  }

  /** All that are not over. */
  requests(): readonly MergeRequest[] {
    return mergeRequests.live(this.#sql, everything);
  }

  requestOf(pull: Pull): MergeRequest {
    const bead = beads.get(this.#sql, `${pull.repo.name}-${pull.number}`);
    const found = mergeRequests.get(this.#sql, bead?.mergeRequest ?? '');
    assert(found !== undefined, `${pull.repo.name} ${pull.number} is somebody's change`);
    return found;
  }

  /** A secret for every rig, a server that takes deliveries, and the hooks on the forge. */
  async listen(): Promise<void> {
    const { ground, time, random } = this.#outside;
    const server = createServer((req, res) => {
      void bodyOf(req).then((body) => {
        const rig = (req.url ?? '').slice(1);
        const pairs = Object.entries(req.headers).map(([name, value]) => [name, String(value)]);
        const headers = new Headers(pairs as [string, string][]);
        const deliver = (): void => this.#wire.watch(this.#parts.delivered(rig, headers, body));
        time.after(random.between(...deliveryMs), deliver); // T2
        res.writeHead(202).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.#server = server;
    const address = server.address();
    assert(address !== null && typeof address === 'object', 'it listens');
    for (const rig of rigs.all(this.#sql)) {
      const offer = await this.#parts.newWebhook(rig);
      assert(offer.ok, `${rig.id} has a secret`);
      this.#command(offer.value.order);
      const url = `http://127.0.0.1:${address.port}/${rig.id}`;
      ground.forge.hooks.add(ground.repo(rig.id), { url, secret: offer.value.secret });
    }
  }

  /** The next thing that is due before `end`, and all that follows from it. False: none is. */
  async step(end: number): Promise<boolean> {
    const { time } = this.#outside;
    await this.#settle();
    const next = Math.min(this.#alarmAt ?? Infinity, time.next() ?? Infinity);
    if (next >= end) return false;
    time.to(instant(next));
    if (this.#alarmAt !== null && this.#alarmAt <= time.now()) {
      this.#alarmAt = null;
      this.town.alarm();
    }
    await this.#settle();
    return true;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server !== null) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
    this.town.close();
    this.#sql.close();
    const { bugs } = this.#wire;
    if (bugs.length > 0) throw new AggregateError(bugs, 'the town reports');
  }

  async #settle(): Promise<void> {
    const { ground } = this.#outside;
    await ground.idle();
    await this.#wire.settle();
  }

  #command(command: Command): void {
    const answer = this.town.command(command, 'person:bench');
    assert(answer.ok, answer.ok ? '' : `refused: ${JSON.stringify(answer.error)}`);
  }

  #addRig(repo: Repo): void {
    const { forge } = this.#outside.ground;
    const { web: origin, api: apiBase } = forge.urls;
    this.#command({
      kind: 'rig_add',
      name: repo.name,
      prefix: repo.name,
      remote: forge.cloneUrl(repo),
      lends: null,
      forge: { provider: 'github', origin, apiBase, path: repo.fullName },
      target: repo.defaultBranch,
      updateCheckout: false,
      createTargetFrom: null,
      consent: true,
      report: null,
    });
  }

  /** As `gt forge login` does: looked at by the forge, sealed, stored. */
  async #setToken(url: string, token: string): Promise<void> {
    const kept: Command[] = [];
    const sealing = this.#parts.sealed({ rig: null, url }, token).then((sealed) => {
      assert(sealed.ok && sealed.value.order !== null, 'the token is taken');
      kept.push(sealed.value.order);
    });
    this.#wire.watch(sealing);
    while (kept.length === 0) await this.step(Infinity);
    for (const order of kept) this.#command(order);
  }

  #sling(rig: string): void {
    const how = { after: [], priority: 2, hold: false, agent: null, model: null } as const;
    this.#slung += 1;
    const title = `Make list ${this.#slung} shorter`; // the same words would be held
    this.#command({ kind: 'sling', rig, title, body: '', ...how });
  }
}

function logInto(bugs: unknown[]): Log {
  return {
    info: () => undefined,
    error: (event, data) => void bugs.push(new Error(`${event} ${JSON.stringify(data)}`)),
  };
}

async function bodyOf(req: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(Buffer.from(part));
  return new Uint8Array(Buffer.concat(parts));
}
