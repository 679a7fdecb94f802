/**
 * The caller of the outer ports: of the runner's here, of the forge's in `perform-forge.ts`.
 * Starts calls after the commit that decided them, never holds up a tick, and turns every answer
 * into a fact.
 *
 * O1 A call id that is in flight in this process is never started twice.
 * O2 A call without an answer within its deadline is `unreachable`; the town says it again.
 */
import type { Call, ForgeCall } from '../core/action.ts';
import type { Fact } from '../core/fact.ts';
import type { RunnerId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { ForgePort } from '../ports/forge.ts';
import type { Log, Timers } from '../ports/host.ts';
import type { Refusal, RunnerPort } from '../ports/runner.ts';
import { PerformForge } from './perform-forge.ts';

type Answered = Extract<Fact, { kind: 'call_answered' }>;

export interface PerformDeps {
  readonly runner: (id: RunnerId) => RunnerPort | undefined;
  readonly forge: ForgePort | undefined;
  readonly tell: (fact: Fact) => void;
  readonly log: Log;
  readonly timers: Timers;
}

export class Perform {
  readonly #deps: PerformDeps;
  readonly #forge: PerformForge;
  readonly #inFlight = new Set<string>();

  constructor(deps: PerformDeps) {
    this.#deps = deps;
    this.#forge = new PerformForge(deps);
  }

  start(calls: readonly (Call | ForgeCall)[]): void {
    for (const call of calls) {
      if (isForgeCall(call)) this.#forge.start(call);
      else this.#start(call);
    }
  }

  #start(call: Call): void {
    if (this.#inFlight.has(call.callId)) return; // O1
    const runner = this.#deps.runner(call.runner);
    if (runner === undefined) {
      this.#tell(call, 'unreachable');
      return;
    }
    this.#inFlight.add(call.callId);
    send(runner, call)
      .then(
        (result) => (result.ok ? 'accepted' : result.error.kind),
        (error: unknown) => {
          this.#deps.log.error('call_threw', { call: call.op, error: String(error) });
          return 'unreachable' as const;
        },
      )
      .then((answer) => {
        this.#inFlight.delete(call.callId);
        this.#tell(call, answer);
      })
      .catch((error: unknown) =>
        this.#deps.log.error('answer_lost', { call: call.op, error: String(error) }),
      );
  }

  #tell(call: Call, answer: Answered['answer']): void {
    const subject = 'attempt' in call ? call.attempt : 'job' in call ? call.job : call.runner;
    this.#deps.tell({ kind: 'call_answered', op: call.op, callId: call.callId, subject, answer });
  }
}

function isForgeCall(call: Call | ForgeCall): call is ForgeCall {
  return 'account' in call || 'mergeRequest' in call;
}

function send(runner: RunnerPort, call: Call): Promise<Result<void, Refusal>> {
  switch (call.op) {
    case 'start_attempt':
      return runner.startAttempt(call.callId, call.spec);
    case 'stop_attempt':
      return runner.stopAttempt(call.callId, call.attempt, call.reason);
    case 'start_job':
      return runner.startJob(call.callId, call.job, call.spec);
    case 'cancel_job':
      return runner.cancelJob(call.callId, call.job);
    case 'list':
      return runner.list(call.callId);
  }
}
