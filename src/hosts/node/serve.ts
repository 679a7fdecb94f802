/**
 * The life of a town's process on one screen: home, lock, database, town, listening, runner, ready;
 * and back in the opposite order, from wherever it had come to.
 *
 * V1 A stop at any stage undoes exactly the stages that were reached, last first.
 * V2 Ready is said only when the runner has told the town what it holds.
 * V3 Whatever fails while starting ends the start, undone, with one explained problem.
 */
import { runnerId } from '../../core/ids.ts';
import type { Clock, Log, Random, Timers } from '../../ports/host.ts';
import type { RunnerPort, TellTown } from '../../ports/runner.ts';
import type { Sql } from '../../ports/sql.ts';
import type { HealthResource } from '../../protocol/http.ts';
import { loopbackHosts, type Access } from '../../server/access.ts';
import { migrate } from '../../storage/schema.ts';
import { Town } from '../../town/town.ts';
import { lazyForges, type NodeForges } from './forges.ts';
import { lazyApp } from './lazy-app.ts';
import {
  homePaths,
  makeHome,
  processStart,
  readKey,
  readToken,
  removeAddress,
  takeLock,
  writeAddress,
} from './home.ts';
import { listen, type Listening } from './http-listener.ts';
import { FileLog } from './log-file.ts';
import { systemRandom } from './random.ts';
import { openSqlite } from './sqlite.ts';
import { CannotStart, codeOf, newerProblem } from './start-problem.ts';
import { NodeTimers, SteadyClock, TimerAlarm } from './timers.ts';
import { TownSeat } from './town-seat.ts';

/** Where the local server listens when nobody says otherwise and it is free. */
export const usualPort = 7717;
const local = runnerId('local');

export interface HostOptions {
  readonly home: string;
  /** 0: any free one. undefined: the usual one if it is free, else any. */
  readonly port: number | undefined;
  readonly version: string;
  /** Where this product is installed. */
  readonly product: string;
  readonly personHome: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly searchPath: readonly string[];
  readonly cores: number;
  readonly pid: number;
  readonly node: string;
  readonly platform: string;
  /** Errors of the log, for a terminal. */
  readonly echo?: ((line: string) => void) | undefined;
  /** Another runner than the one of this machine, for tests. */
  readonly makeRunner?: MakeRunner;
}

export interface HostRunner extends RunnerPort {
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RunnerGround {
  readonly tell: TellTown;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly credentialFor: NodeForges['credentialFor'];
}

export type MakeRunner = (options: HostOptions, ground: RunnerGround) => Promise<HostRunner>;

/** What the later stages stand on. */
export interface Ground {
  readonly sql: Sql;
  readonly log: FileLog;
  readonly seat: TownSeat;
  readonly forges: NodeForges;
  readonly runner: { port: HostRunner | undefined };
  readonly makeTown: () => Town;
}

/** The runner of this machine. Loaded when it is needed: it is the larger half of the program. */
async function makeMachineRunner(options: HostOptions, ground: RunnerGround): Promise<HostRunner> {
  const { makeLocalRunner } = await import('../../runtime/local-runner.ts');
  const { hostGit, personOf } = await import('./sources.ts');
  const { home, personHome, product, env, searchPath, platform, cores, node } = options;
  return makeLocalRunner({
    id: local,
    home,
    personHome,
    product,
    env,
    searchPath,
    platform,
    cores,
    node,
    townId: 'local',
    author: await personOf(hostGit(env, ground.timers)),
    ...ground,
  });
}

export class NodeHost {
  readonly #options: HostOptions;
  readonly #clock = new SteadyClock();
  readonly #timers = new NodeTimers();
  readonly #stopping = new AbortController();
  /** How to undo what was reached, first things first. V1 */
  readonly #undo: (() => void | Promise<void>)[] = [];
  #log: FileLog | null = null;
  #phase: HealthResource['phase'] = 'starting';
  #work: Promise<Listening> | null = null;
  #end: Promise<void> | null = null;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Rejects with the cause, everything undone; with `Stopped` when it was asked to stop. V3 */
  async start(): Promise<Listening> {
    this.#work ??= this.#start();
    try {
      return await this.#work;
    } catch (error) {
      const stack = error instanceof Error ? error.stack : undefined;
      if (!(error instanceof Stopped)) this.#log?.error('start_failed', { stack });
      await this.stop();
      throw error;
    }
  }

  /** Something was thrown that nobody caught: it is written down, and the town stops in order. */
  failed(error: Error): Promise<void> {
    this.#log?.error('uncaught', { message: error.message, stack: error.stack });
    return this.stop();
  }

  /** May be called at any stage and more than once. V1 */
  stop(): Promise<void> {
    this.#end ??= this.#stop();
    return this.#end;
  }

  /** Aborted as soon as a stop begins, whoever asked for it. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  readonly health = (): HealthResource => {
    const { version, pid } = this.#options;
    return { ready: this.#phase === 'ready', phase: this.#phase, version, pid };
  };

  async #start(): Promise<Listening> {
    const options = this.#options;
    const paths = homePaths(options.home);
    makeHome(paths);
    const log = new FileLog({ path: paths.log, clock: this.#clock, echo: options.echo });
    this.#log = log;
    const since = new Date(this.#clock.now()).toISOString();
    const { pid, version } = options;
    const lock = takeLock(paths, { pid, processStart: processStart(pid), since });
    this.#undo.push(() => lock.release());
    log.info('starting', { version, pid });
    const token = readToken(paths, systemRandom);
    const sql = this.#openDatabase(paths.database);
    const ground = this.#seatTown(sql, log, readKey(paths));
    this.#goOn();
    const listening = await this.#listen(ground, token);
    writeAddress(paths, { url: listening.url, pid, version });
    this.#undo.push(() => removeAddress(paths));
    this.#goOn();
    this.#phase = 'hydrating';
    await this.#startRunner(ground);
    this.#goOn();
    ground.seat.boot();
    this.#phase = 'ready'; // V2
    log.info('ready', { url: listening.url });
    return listening;
  }

  async #stop(): Promise<void> {
    this.#phase = 'stopping';
    this.#stopping.abort();
    await this.#work?.catch(() => undefined); // it ends at its next `#goOn`
    this.#phase = 'stopping';
    for (const undo of this.#undo.toReversed()) {
      try {
        await undo();
      } catch (error) {
        this.#log?.error('stop_step_failed', { message: String(error) });
      }
    }
    this.#undo.length = 0;
    this.#log?.info('stopped');
  }

  /** V1 */
  #goOn(): void {
    if (this.#stopping.signal.aborted) throw new Stopped();
  }

  #openDatabase(path: string): Sql {
    const sql = openSqlite(path);
    this.#undo.push(() => sql.close());
    const migrated = migrate(sql, this.#clock.now());
    if (migrated.ok) return sql;
    const problem = newerProblem(this.#options.home, migrated.found, migrated.known);
    throw new CannotStart(problem);
  }

  #seatTown(sql: Sql, log: FileLog, key: Uint8Array<ArrayBuffer>): Ground {
    const clock = this.#clock;
    const { version, env } = this.#options;
    const seat = new TownSeat({ clock, log, alarm: () => alarm });
    const alarm = new TimerAlarm(clock, this.#timers, () => seat.alarm());
    const runner: { port: HostRunner | undefined } = { port: undefined };
    const host = { clock, timers: this.#timers, random: systemRandom, log };
    const forges = lazyForges({
      ...host,
      sql,
      key,
      env,
      version,
      fetch: (url, init) => fetch(url, init),
      tell: (fact) => void seat.fact(fact),
    });
    const makeTown = (): Town =>
      new Town({
        sql,
        clock,
        timers: new NodeTimers({ keepAlive: false }), // a call under way holds up no stop
        random: systemRandom,
        alarm,
        log,
        runner: (id) => (id === local ? runner.port : undefined),
        forge: forges.port,
        build: version,
      });
    seat.put(makeTown());
    this.#undo.push(
      () => seat.close(),
      () => alarm.close(),
    );
    return { sql, log, seat, forges, runner, makeTown };
  }

  async #listen(ground: Ground, token: string): Promise<Listening> {
    const access: { now: Access } = { now: { token, hosts: [] } };
    const app = lazyApp({
      ...ground,
      health: this.health,
      access: () => access.now,
      shutdown: () => void this.stop(),
      stopping: this.#stopping.signal,
      clock: this.#clock,
      timers: this.#timers,
      version: this.#options.version,
      env: this.#options.env,
    });
    const { port } = this.#options;
    const health = this.health;
    const error = ground.log.error.bind(ground.log);
    const deps = { health, access: () => access.now, app, error };
    const listening = await listen({ ...deps, port: port ?? usualPort }).catch((error: unknown) => {
      if (port !== undefined || codeOf(error) !== 'EADDRINUSE') throw error;
      return listen({ ...deps, port: 0 });
    });
    access.now = { token, hosts: loopbackHosts(listening.port) };
    this.#undo.push(() => listening.close());
    return listening;
  }

  async #startRunner(ground: Ground): Promise<void> {
    const { seat, log } = ground;
    const { makeRunner = makeMachineRunner } = this.#options;
    const runner = await makeRunner(this.#options, {
      tell: async (fact) => seat.fact(fact),
      clock: this.#clock,
      timers: this.#timers,
      random: systemRandom,
      log,
      credentialFor: ground.forges.credentialFor,
    });
    ground.runner.port = runner;
    this.#undo.push(() => runner.stop());
    this.#goOn();
    // It tells that it is there until that is taken: only a stop of its own ends a start that
    // finds the disk full.
    const stop = (): void => void runner.stop().catch(() => undefined); // said again when undone
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    await runner.start();
  }
}

/** The start was asked to stop; nothing is wrong. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}
