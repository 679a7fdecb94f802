/**
 * The only caller of the forge port: starts calls after their commit, and turns every answer,
 * also a throw, into a fact. Nothing here decides.
 *
 * O1 A call id that is in flight in this process is never started twice.
 * O2 A call without an answer within `limits.forgeAnswerMs` is a timeout, and one that threw an
 *    answer that breaks the contract: both are facts. What still comes back then is not heard, and
 *    nothing more is written for it.
 * O3 A read is one fact, whatever number of accounts' rigs and requests it took.
 * O4 Replies are written after looking at the threads once more: what somebody resolved is left
 *    alone, and a thread with a newer comment is answered and stays open.
 */
import type { ForgeCall } from '../core/action.ts';
import type { Fact } from '../core/fact.ts';
import type { Replied } from '../core/forge-answers.ts';
import { limits } from '../core/limits.ts';
import type { ForgeReport } from '../core/merge-request.ts';
import type { PRStatusError } from '../core/pr-status.ts';
import type { ForgeProject, PullRequestRef } from '../core/pull-request.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ForgeContext, ForgePort } from '../ports/forge.ts';
import type { Log, Timers } from '../ports/host.ts';
import { within } from '../ports/within.ts';

export interface ForgeDeps {
  readonly forge: ForgePort | undefined;
  readonly tell: (fact: Fact) => void;
  readonly log: Log;
  readonly timers: Timers;
}

type Read = Extract<ForgeCall, { op: 'read_pulls' }>;

export class PerformForge {
  readonly #deps: ForgeDeps;
  readonly #inFlight = new Set<string>();

  constructor(deps: ForgeDeps) {
    this.#deps = deps;
  }

  start(call: ForgeCall): void {
    const { forge, log, tell } = this.#deps;
    if (forge === undefined || this.#inFlight.has(call.callId)) return; // O1
    this.#inFlight.add(call.callId);
    this.#answer(forge, call)
      .then((fact) => {
        this.#inFlight.delete(call.callId);
        if (fact !== null) tell(fact);
      })
      .catch((error: unknown) => log.error('answer_lost', { call: call.op, error: String(error) }));
  }

  /** O2 */
  async #answer(forge: ForgePort, call: ForgeCall): Promise<Fact | null> {
    const { log, timers } = this.#deps;
    let isLate = false;
    try {
      const work = factOf(forge, call, () => isLate);
      const done = await within(
        work.then((fact) => ({ fact })),
        limits.forgeAnswerMs,
        timers,
      );
      if (done !== null) return done.fact;
      isLate = true;
      return unanswered(call, { kind: 'network_error', cause: 'timeout' });
    } catch (error) {
      log.error('forge_call_threw', { call: call.op, error: String(error) });
      return unanswered(call, brokenContract);
    }
  }
}

type Answered = Exclude<ForgeCall, Read | { op: 'delete_branch' }>;

const ops = {
  open_pull: 'open',
  merge_pull: 'merge',
  read_feedback: 'feedback',
  reopen_pull: 'reopen',
  close_pull: 'close',
  dequeue_pull: 'dequeue',
  reply_threads: 'reply',
} as const satisfies Record<Answered['op'], ForgeReport['op']>;

async function factOf(
  forge: ForgePort,
  call: ForgeCall,
  isLate: () => boolean,
): Promise<Fact | null> {
  if (call.op === 'read_pulls') return await read(forge, call);
  if (call.op === 'delete_branch') {
    const { branch, head } = call;
    await forge.write(contextOf(call), call.ref, { do: 'delete_branch', branch, head });
    return null;
  }
  return answeredBy(call, await answerOf(forge, call, isLate));
}

function answeredBy(call: Answered, result: Result<unknown, PRStatusError>): Fact {
  const { mergeRequest, callId } = call;
  const op = ops[call.op];
  const said = result.ok ? { op, answer: result.value } : { op, error: result.error };
  const report = said as unknown as ForgeReport;
  return { kind: 'forge_answered', mergeRequest, callId, report };
}

/** What the town hears of a call that has no answer. A branch that stays behind harms nobody. */
function unanswered(call: ForgeCall, why: Unanswered): Fact | null {
  if (call.op === 'delete_branch') return null;
  if (call.op !== 'read_pulls') {
    return answeredBy(call, err(errorAt(call.project, why)));
  }
  const { account, callId, targets } = call;
  const outcomes = targets.map(({ mergeRequest, ref }) => ({
    mergeRequest,
    outcome: err(errorAt(ref.project, why)),
  }));
  return { kind: 'pulls_read', account, callId, outcomes };
}

/** What each op answers is correlated with it in a way the types cannot follow. */
async function answerOf(
  forge: ForgePort,
  call: Answered,
  isLate: () => boolean,
): Promise<Result<unknown, PRStatusError>> {
  const context = contextOf(call);
  switch (call.op) {
    case 'open_pull':
      return await forge.open(context, call.spec);
    case 'merge_pull': {
      const { expectedHead, method, title, message } = call;
      return await forge.merge(context, call.ref, { expectedHead, method, title, message });
    }
    case 'read_feedback':
      return await forge.feedback(context, call.ref);
    case 'reopen_pull': {
      const done = await forge.write(context, call.ref, { do: 'reopen' });
      return done.ok ? ok(null) : done;
    }
    case 'dequeue_pull':
      return await forge.dequeue(context, call.ref);
    case 'close_pull': {
      const { marker, body } = call;
      const said = await forge.write(context, call.ref, { do: 'comment', marker, body });
      if (!said.ok) return said;
      const done = isLate() ? said : await forge.write(context, call.ref, { do: 'close' });
      return done.ok ? ok(null) : done;
    }
    case 'reply_threads':
      return await reply(forge, call, isLate);
  }
}

type Replies = Extract<ForgeCall, { op: 'reply_threads' }>;

/** O4. Repeated after an answer was lost, it says nothing twice. */
async function reply(
  forge: ForgePort,
  call: Replies,
  isLate: () => boolean,
): Promise<Result<Replied, PRStatusError>> {
  const context = contextOf(call);
  const read = await forge.feedback(context, call.ref);
  if (!read.ok) return read;
  const { threads, complete } = read.value;
  const replies: Replied['replies'][number][] = [];
  for (const { thread, marker, body, resolve, comments } of call.replies) {
    if (isLate()) break;
    const found = threads.find(({ id }) => id === thread);
    if (found === undefined || found.resolved) {
      const is = found === undefined && !complete ? 'unseen' : 'settled';
      replies.push({ thread, is });
      continue;
    }
    const said = await forge.write(context, call.ref, { do: 'reply', thread, marker, body });
    if (!said.ok) return said;
    const theirs = found.comments.filter((comment) => !comment.body.includes(marker)).length;
    const isOver = resolve && theirs <= comments;
    if (isOver) {
      const done = await forge.write(context, call.ref, { do: 'resolve', thread });
      if (!done.ok) return done;
    }
    replies.push({ thread, is: isOver ? 'resolved' : 'left_open' });
  }
  return ok({ replies });
}

/** Rigs of one account may have credentials of their own: one request per rig and project. */
async function read(forge: ForgePort, call: Read): Promise<Fact> {
  const groups = new Map<string, Read['targets'][number][]>();
  for (const target of call.targets) {
    const key = `${target.rig} ${target.ref.project.path}`;
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  const answers = await Promise.all(
    [...groups.values()].map(async (targets) => {
      const [first] = targets;
      if (first === undefined) return [];
      const context = contextOf({ rig: first.rig, project: first.ref.project });
      const refs: readonly PullRequestRef[] = targets.map(({ ref }) => ref);
      const outcomes = await forge.checkPRStatuses(context, refs);
      return targets.map(({ mergeRequest }, index) => ({
        mergeRequest,
        outcome: outcomes[index] ?? err(errorAt(first.ref.project, brokenContract)),
      }));
    }),
  );
  const { account, callId } = call;
  return { kind: 'pulls_read', account, callId, outcomes: answers.flat() };
}

/** An adapter that throws, or answers for fewer than it was asked, broke its contract. */
const brokenContract = {
  kind: 'invalid_response',
  reason: 'schema_mismatch',
  sampleKeys: [],
} as const;

type Unanswered =
  | typeof brokenContract
  | { readonly kind: 'network_error'; readonly cause: 'timeout' };

function errorAt({ provider, origin }: ForgeProject, why: Unanswered): PRStatusError {
  return { provider, host: origin.replace(/^https?:\/\//, ''), ...why };
}

function contextOf(call: { readonly rig: string; readonly project: ForgeProject }): ForgeContext {
  return { rig: call.rig, project: call.project };
}
