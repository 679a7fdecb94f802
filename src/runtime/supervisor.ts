/**
 * One attempt from its start to its end: workspace, setup, permit, agent, turns, saving. One
 * supervisor per attempt; they share nothing but the spawn queue and the tool socket.
 *
 * V1 The first cause decides the outcome; only an accepted submission or question outranks it.
 * V2 `attempt_ended` is told after the process tree is gone and the work is saved, never before.
 * V3 The end of a turn is never success. A turn without `gt_done` or `gt_ask` is asked once to go
 *    on, then the attempt is idle.
 * V4 What was left is saved: every `limits.snapshotMs`, at the end of each turn, and at the end.
 */
import { assert } from '../core/assert.ts';
import type { AttemptPhase, Outcome } from '../core/attempt.ts';
import type { Failure } from '../core/failure.ts';
import type { Commit } from '../core/ids.ts';
import type { LaunchSpec } from '../core/launch-spec.ts';
import { limits } from '../core/limits.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { Clock, Log, Timers } from '../ports/host.ts';
import { within } from '../ports/within.ts';
import { continuePrompt, toolPrompt } from '../protocol/tools.ts';
import { Activity } from './activity.ts';
import type { AttemptEnded } from './attempt-record.ts';
import { AttemptTools } from './attempt-tools.ts';
import { bugOf } from './bug.ts';
import { caught } from './git-errors.ts';
import type { AcpError } from './harness/acp.ts';
import type { AgentEvent } from './harness/acp-events.ts';
import {
  exitPatienceMs,
  openSession,
  startAgent,
  type LaunchDeps,
  type Started,
} from './launch.ts';
import type { RunnerNeeds, Workspace } from './needs.ts';
import { QuietWatch } from './quiet-watch.ts';
import type { SpawnQueue } from './spawn-queue.ts';
import type { Teller } from './teller.ts';
import type { ToolGrant, ToolSocket } from './tool-socket.ts';
import { Transcript } from './transcript.ts';
import { overBudget, UsageMeter } from './usage-meter.ts';

export interface SupervisorDeps {
  readonly spec: LaunchSpec;
  readonly incarnation: string;
  readonly needs: RunnerNeeds;
  readonly socket: ToolSocket;
  readonly queue: SpawnQueue;
  readonly tell: Teller;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly node: string;
  /** Called before a workspace is made: from here on there may be something to save. */
  readonly onWorkspace: () => void;
  /** Called before `attempt_ended` is told. */
  readonly onEnded: (fact: AttemptEnded) => void;
  /** Called when the town has taken it. */
  readonly onTold: (fact: AttemptEnded) => void;
}

export interface Ending {
  readonly outcome: Outcome;
  readonly failure: Failure | null;
}

/** An agent that was told to stop usually ends its turn itself, with its last usage report. */
const politeMs = 2000;

export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #spec: LaunchSpec;
  readonly #transcript: Transcript;
  readonly #activity: Activity;
  readonly #quiet: QuietWatch;
  readonly #meter = new UsageMeter();
  readonly #abort = new AbortController();
  readonly #cause: Promise<Ending>;
  #conclude: (ending: Ending) => void = () => undefined;
  #workspace: Workspace | null = null;
  #started: Started | null = null;
  #tools: AttemptTools | null = null;
  #grant: ToolGrant | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #broken: AcpError | null = null;
  #lastWords = '';
  #saving: Promise<Commit | null> = Promise.resolve(null);
  #cancelSnapshot: (() => void) | null = null;
  /** Resolves when the attempt is over and the town was told. */
  readonly ended: Promise<void>;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#spec = deps.spec;
    const { clock, timers, spec } = deps;
    const tell = async (fact: Parameters<Teller>[0]): Promise<void> => void (await deps.tell(fact));
    const { attempt } = spec;
    this.#transcript = new Transcript({ attempt, tell, clock, timers });
    const usage = (): ReturnType<UsageMeter['total']> => this.#meter.total();
    this.#activity = new Activity({ attempt, tell, usage, clock, timers });
    this.#quiet = new QuietWatch(this.#activity, timers, {
      onQuiet: (text) => this.#transcript.text('note', text),
      onSilent: (quietMs) => this.#stopQuiet(quietMs),
    });
    this.#cause = new Promise((resolve) => {
      this.#conclude = (ending) => {
        resolve(ending); // V1: a promise takes the first
        this.#abort.abort();
      };
    });
    this.ended = this.#live();
  }

  /** Ends the attempt with this outcome unless it is ending already; resolves when it is over. */
  async stop(ending: Ending): Promise<void> {
    this.#conclude(ending);
    await this.ended;
  }

  async #live(): Promise<void> {
    await Promise.resolve(); // the caller has the object before anything happens
    const work = caught('workspace', 'attempt', async () => ok(await this.#work()));
    const worked = await work.catch((error: unknown) => err(this.#bug(error)));
    const outcome = this.#started === null ? 'start_failed' : 'crashed';
    await this.#finish(worked.ok ? worked.value : { outcome, failure: worked.error });
  }

  #bug(error: unknown): Failure {
    const { log, spec } = this.#deps;
    return bugOf(log, 'supervisor', spec.attempt, error);
  }

  async #work(): Promise<Ending> {
    const { signal } = this.#abort;
    const prepared = await this.#prepare();
    if (signal.aborted) return this.#cause;
    if (!prepared.ok) return { outcome: 'start_failed', failure: prepared.error };

    const permit = await this.#deps.queue.acquire(1, signal);
    if (permit === null) return this.#cause;
    try {
      const launched = await this.#launch(prepared.value);
      if (signal.aborted) return this.#cause;
      if (!launched.ok) return { outcome: 'start_failed', failure: launched.error };
    } finally {
      permit.release();
    }
    return this.#turns();
  }

  async #prepare(): Promise<Result<Workspace, Failure>> {
    const { needs, onWorkspace } = this.#deps;
    const { signal } = this.#abort;
    onWorkspace();
    const prepared = await needs.workspaces.prepare(this.#spec, signal);
    if (!prepared.ok) return prepared;
    this.#workspace = prepared.value;
    if (signal.aborted) return prepared;
    const setUp = await needs.setup(this.#spec, prepared.value, signal);
    if (!setUp.ok) return setUp;
    await this.#phase('workspace_ready', { base: prepared.value.base });
    return prepared;
  }

  /** Comes back soon after an abort, with the process known to `#finish` if there is one. */
  async #launch(workspace: Workspace): Promise<Result<void, Failure>> {
    const deps = this.#launchDeps();
    const started = await startAgent(deps, workspace);
    if (!started.ok) return started;
    this.#started = started.value;
    const grant = this.#grantTools(workspace);
    await this.#phase('spawned', { isolation: started.value.spawned.level });
    const opening = openSession(deps, started.value, workspace.directory, grant);
    const model = await Promise.race([opening, this.#cause]);
    if ('outcome' in model) return ok(undefined);
    if (!model.ok) return model;
    await this.#phase('session_ready', { model: model.value });
    return ok(undefined);
  }

  #launchDeps(): LaunchDeps {
    const { needs, timers, node } = this.#deps;
    const onStderr = (text: string): void => this.#transcript.text('stderr', text);
    const listener = {
      onEvent: (event: AgentEvent) => this.#take(event),
      onBroken: (error: AcpError) => {
        this.#broken = error;
      },
    };
    return { spec: this.#spec, needs, timers, node, listener, onStderr };
  }

  #grantTools(workspace: Workspace): ToolGrant {
    const tools = new AttemptTools({
      spec: this.#spec,
      workspace,
      collect: () => this.#deps.needs.workspaces.collect(this.#spec),
      tell: this.#deps.tell,
      onAccepted: (outcome) => this.#conclude({ outcome, failure: null }),
      onOver: () => this.#conclude({ outcome: 'evicted', failure: null }),
      onCall: () => this.#activity.note(),
    });
    const grant = this.#deps.socket.grant('polecat', (name, input) => tools.call(name, input));
    this.#tools = tools;
    this.#grant = grant;
    return grant;
  }

  /** V3 */
  async #turns(): Promise<Ending> {
    const started = this.#started;
    assert(started !== null, 'a turn needs an agent');
    let text = `${this.#spec.prompt}\n\n${toolPrompt('polecat')}`;
    this.#watch();
    for (const isLast of [false, true]) {
      const over = this.#overBudget();
      if (over !== null) return over;
      this.#transcript.text('prompt', text);
      this.#lastWords = '';
      const turn = started.acp.prompt(text);
      this.#turn = turn;
      if (!isLast) await this.#phase('turn_started', {});
      const turned = await Promise.race([turn, this.#cause]);
      if ('outcome' in turned) return turned;
      await this.#tools?.idle(); // a call that is being answered still decides
      if (this.#abort.signal.aborted) return this.#cause;
      if (!turned.ok) return this.#crashed(started, turned.error);
      void this.#save();
      text = continuePrompt;
    }
    const lastWords = this.#lastWords.slice(-1000);
    const agent = this.#spec.agent;
    const failure: Failure = { kind: 'agent_idle', helps: 'later', agent, lastWords };
    return { outcome: 'idle_without_done', failure };
  }

  /** Watches that end the attempt by themselves, and the saving on the way. */
  #watch(): void {
    this.#quiet.start();
    const snapshotLater = (): void => {
      this.#cancelSnapshot = this.#deps.timers.after(limits.snapshotMs, () => {
        void this.#save().finally(() => {
          if (!this.#abort.signal.aborted && this.#cancelSnapshot !== null) snapshotLater();
        });
      });
    };
    snapshotLater();
  }

  async #crashed(started: Started, error: AcpError): Promise<Ending> {
    // A closed connection is how an exit looks from here; an error answer leaves it running.
    const ended = within(started.process.ended, exitPatienceMs, this.#deps.timers);
    const end = this.#broken === null ? await ended : null;
    const reason = this.#broken?.output ?? (end === null ? error.output : '');
    const output = [reason, started.process.lastWords].filter((line) => line !== '').join('\n');
    const { agent } = this.#spec;
    const [exitCode, signal] = [end?.exitCode ?? null, end?.signal ?? null];
    const base = { kind: 'agent_crashed', helps: 'later', agent } as const;
    return { outcome: 'crashed', failure: { ...base, exitCode, signal, output } };
  }

  #take(event: AgentEvent): void {
    this.#activity.note();
    this.#transcript.add(event);
    if (event.kind === 'message') this.#lastWords = (this.#lastWords + event.text).slice(-2000);
    if (event.kind !== 'usage') return;
    this.#meter.take(event.report);
    const over = this.#overBudget();
    if (over !== null) this.#conclude(over);
  }

  #overBudget(): Ending | null {
    const over = overBudget(this.#meter.total(), this.#spec);
    if (over === null) return null;
    const failure: Failure = { kind: 'over_budget', helps: 'person', scope: 'bead', ...over };
    return { outcome: 'over_budget', failure };
  }

  #stopQuiet(quietMs: number): void {
    const { agent } = this.#spec;
    const limitMs = limits.quietStopMs;
    const failure: Failure = { kind: 'agent_timed_out', helps: 'later', agent, quietMs, limitMs };
    this.#conclude({ outcome: 'timed_out', failure });
  }

  /** One at a time; a failed one is noted and the next tries again. */
  #save(): Promise<Commit | null> {
    if (this.#workspace === null) return Promise.resolve(null);
    this.#saving = this.#saving.then(async () => {
      const saved = await this.#deps.needs.workspaces
        .snapshot(this.#spec)
        .catch((error: unknown) => err(this.#bug(error)));
      if (saved.ok) return saved.value;
      this.#transcript.text('note', `The work could not be saved: ${JSON.stringify(saved.error)}`);
      return null;
    });
    return this.#saving;
  }

  /** V2 */
  async #finish(ending: Ending): Promise<void> {
    this.#conclude(ending); // whatever still waits for a cause stops
    this.#quiet.close();
    this.#cancelSnapshot?.();
    this.#cancelSnapshot = null;
    const { timers, clock } = this.#deps;
    const startedAt = clock.monotonicMs();
    await within(this.#tools?.idle() ?? Promise.resolve(), limits.stopGraceMs / 2, timers);
    const accepted = this.#tools?.accepted ?? null;
    // V1
    const { outcome, failure } = accepted === null ? ending : { outcome: accepted, failure: null };
    await this.#endAgent(accepted !== null, startedAt);
    this.#grant?.revoke();
    this.#activity.close();
    const saved = await this.#save(); // V4
    await this.#deps.needs.workspaces.release(this.#spec).catch((error: unknown) => {
      this.#deps.log.error('workspace_release', { message: String(error) });
    });
    await this.#transcript.close();
    const fact: AttemptEnded = {
      kind: 'attempt_ended',
      attempt: this.#spec.attempt,
      end: { outcome, failure, saved },
      usage: this.#meter.total(),
    };
    this.#deps.onEnded(fact);
    const taken = await this.#deps.tell(fact);
    if (taken.ok) this.#deps.onTold(fact);
  }

  /** Cancel the turn, ask the process, kill the tree: within `limits.stopGraceMs` of the start. */
  async #endAgent(isDone: boolean, startedAt: number): Promise<void> {
    const started = this.#started;
    if (started === null) return;
    const { timers, clock } = this.#deps;
    const turn = this.#turn.catch(() => undefined);
    const over = Promise.race([turn, started.process.ended]);
    // Told to stop by its tool call, it usually ends its turn itself.
    if (isDone) await within(over, politeMs, timers);
    started.acp.cancel();
    await within(over, politeMs, timers);
    const spentMs = clock.monotonicMs() - startedAt;
    await started.process.end(Math.max(0, limits.stopGraceMs - spentMs));
    started.acp.close();
  }

  async #phase(
    phase: AttemptPhase,
    with_: Partial<{ base: Commit; isolation: 'strong' | 'process'; model: string | null }>,
  ): Promise<void> {
    await this.#deps.tell({
      kind: 'attempt_phase',
      attempt: this.#spec.attempt,
      incarnation: this.#deps.incarnation,
      phase,
      base: with_.base ?? null,
      isolation: with_.isolation ?? null,
      model: with_.model ?? null,
    });
  }
}
