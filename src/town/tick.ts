/**
 * The tick: take the oldest due name, load its view, decide, apply; again, each seeing what the
 * one before wrote, until nothing is due or the tick's budget is used.
 *
 * T1 No `await` anywhere in here: two ticks cannot interleave.
 * T2 One savepoint per entity: a throw undoes that entity alone and parks it, or the bead of the
 *    grant that threw; its calls are dropped with it. A full disk ends the whole turn.
 * T3 An entity that decides too often while time stands still is livelock and is parked; a large
 *    backlog is not.
 */
import type { Call, EntityName, ForgeCall, Plan } from '../core/action.ts';
import { assert } from '../core/assert.ts';
import { decideAttempt } from '../core/decide/attempt.ts';
import { decideBead } from '../core/decide/bead.ts';
import { decideDispatch } from '../core/decide/dispatch.ts';
import { decideEscalation } from '../core/decide/escalation.ts';
import { decideForgeAccount } from '../core/decide/forge-account.ts';
import { decideJob } from '../core/decide/job.ts';
import { decideMergeRequest } from '../core/decide/merge-request.ts';
import { decideRig } from '../core/decide/rig.ts';
import { decideRunner } from '../core/decide/runner.ts';
import { limits } from '../core/limits.ts';
import { StorageDown, type SqlReader } from '../ports/sql.ts';
import { agenda } from '../storage/agenda.ts';
import { loadGround, loadView, type Ground } from '../storage/load-view.ts';
import { tableOf } from '../storage/table-of.ts';
import { apply, remark, settle, touch, type Turn } from './apply.ts';

export interface TickDeps {
  /** Names this build in what it parks. */
  readonly build: string;
  readonly monotonicMs: () => number;
  /** Which of the due names is next; the simulator shuffles. */
  readonly pickDue: (due: readonly EntityName[]) => number;
  /** Decisions per entity since time or a fact last moved. T3 */
  readonly decided: Map<string, number>;
}

/** Decides what is due, within the budget. Answers whether something due is left. */
export function runTick(turn: Turn, deps: TickDeps): boolean {
  const startedAt = deps.monotonicMs();
  for (let taken = 0; taken < limits.tickNamesMax; taken += 1) {
    const due = agenda.due(turn.tx, turn.now, deps.pickDue === first ? 1 : limits.grantsMax);
    if (due.length === 0) return false;
    const name = due[deps.pickDue(due)];
    assert(name !== undefined, 'the agenda was asked for one of the due names');
    decideOne(turn, deps, name);
    if (deps.monotonicMs() - startedAt > limits.tickBudgetMs) break;
  }
  return agenda.due(turn.tx, turn.now, 1).length > 0;
}

export function first(): number {
  return 0;
}

function decideOne(turn: Turn, deps: TickDeps, name: EntityName): void {
  const calls: (Call | ForgeCall)[] = [];
  let blame = name;
  try {
    turn.tx.savepoint((tx) => {
      const inner = { ...turn, tx, calls };
      agenda.take(tx, name);
      if (isParked(tx, name)) return;
      const plan = decide(tx, name, loadGround(tx, turn.now));
      if (plan === null) return;
      blame = plan.blame ?? name;
      if (plan.actions.length === 0) return settle(inner, name, plan.waits);
      assert(countDecision(deps, blame), `livelock: ${blame.kind} ${blame.id} never comes to rest`);
      apply(inner, plan.actions, 'town', name);
    });
    turn.calls.push(...calls);
  } catch (error) {
    if (error instanceof StorageDown) throw error;
    park(turn, deps, name, blame, error);
  }
}

/** T3 */
function countDecision(deps: TickDeps, name: EntityName): boolean {
  const key = `${name.kind} ${name.id}`;
  const count = (deps.decided.get(key) ?? 0) + 1;
  deps.decided.set(key, count);
  return count <= limits.decisionsPerEntityMax;
}

/** The decision of any entity, or null when its row is gone. Reads only. */
export function decide(reader: SqlReader, name: EntityName, ground: Ground): Plan | null {
  switch (name.kind) {
    case 'bead':
      return on(loadView.bead(reader, name.id, ground), decideBead);
    case 'attempt':
      return on(loadView.attempt(reader, name.id, ground), decideAttempt);
    case 'job':
      return on(loadView.job(reader, name.id, ground), decideJob);
    case 'merge_request':
      return on(loadView.merge_request(reader, name.id, ground), decideMergeRequest);
    case 'rig':
      return on(loadView.rig(reader, name.id, ground), decideRig);
    case 'escalation':
      return on(loadView.escalation(reader, name.id, ground), decideEscalation);
    case 'runner':
      return on(loadView.runner(reader, name.id, ground), decideRunner);
    case 'forge_account':
      return on(loadView.forge_account(reader, name.id, ground), decideForgeAccount);
    case 'dispatch':
      return on(loadView.dispatch(reader, name.id, ground), decideDispatch);
    case 'town':
      return null;
    default:
      return null;
  }
}

function on<View>(view: View | null, rule: (view: View) => Plan): Plan | null {
  return view === null ? null : rule(view);
}

function isParked(reader: SqlReader, name: EntityName): boolean {
  if (name.kind === 'town') return false;
  const parked = tableOf(name.kind).column(reader, name.id, 'parked');
  return parked !== undefined && parked !== null;
}

/** T2. Parked is a column: a neighbour's touch does not wake it again. */
function park(
  turn: Turn,
  deps: TickDeps,
  taken: EntityName,
  blame: EntityName,
  error: unknown,
): void {
  const message = error instanceof Error ? error.message : String(error);
  agenda.take(turn.tx, taken);
  tableOf(blame.kind).update(turn.tx, blame.id, { parked: deps.build });
  remark(turn, blame, 'parked', 'town', { message });
  if (blame !== taken) touch(turn, taken);
  bug(turn, blame, message, message.startsWith('livelock') ? 'livelock' : 'decide');
}

/** One escalation per entity that a bug of ours stopped. */
export function bug(
  turn: Turn,
  name: EntityName,
  message: string,
  where: 'decide' | 'apply' | 'missed_wake' | 'livelock' | 'perform',
): void {
  const entity = `${name.kind} ${name.id}`;
  const failure = {
    kind: 'gastown_bug' as const,
    helps: 'person' as const,
    entity,
    message,
    where,
  };
  apply(
    turn,
    [
      {
        do: 'escalate',
        dedupeKey: `bug:${entity}`,
        bind: false,
        severity: 'failure',
        subject: 'town',
        failure,
        question: null,
      },
    ],
    'town',
    null,
  );
}
