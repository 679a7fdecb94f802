/**
 * The only caller of the forge port: starts calls after their commit, and turns every answer,
 * also a throw, into a fact. Nothing here decides.
 *
 * O1 A call id that is in flight in this process is never started twice.
 * O3 A read is one fact, whatever number of accounts' rigs and requests it took.
 * O4 Replies are written after looking at the threads once more: what somebody resolved is left
 *    alone, and a thread with a newer comment is answered and stays open.
 */
import type { ForgeCall } from '../core/action.ts';
import type { Fact } from '../core/fact.ts';
import type { Replied } from '../core/forge-answers.ts';
import type { ForgeReport } from '../core/merge-request.ts';
import type { PRStatusError, PRStatusOutcome } from '../core/pr-status.ts';
import type { ForgeProject, PullRequestRef } from '../core/pull-request.ts';
import { ok, type Result } from '../core/result.ts';
import type { ForgeContext, ForgePort } from '../ports/forge.ts';
import type { Log } from '../ports/host.ts';

export interface ForgeDeps {
  readonly forge: ForgePort | undefined;
  readonly tell: (fact: Fact) => void;
  readonly log: Log;
}

type Read = Extract<ForgeCall, { op: 'read_pulls' }>;
type OnOne = Exclude<ForgeCall, Read>;

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
    factOf(forge, call)
      .then((fact) => {
        this.#inFlight.delete(call.callId);
        if (fact !== null) tell(fact);
      })
      .catch((error: unknown) => {
        this.#inFlight.delete(call.callId);
        log.error('forge_call_threw', { call: call.op, error: String(error) });
      });
  }
}

async function factOf(forge: ForgePort, call: ForgeCall): Promise<Fact | null> {
  if (call.op === 'read_pulls') return await read(forge, call);
  if (call.op === 'delete_branch') {
    const { branch, head } = call;
    await forge.write(contextOf(call), call.ref, { do: 'delete_branch', branch, head });
    return null;
  }
  return {
    kind: 'forge_answered',
    mergeRequest: call.mergeRequest,
    callId: call.callId,
    report: await report(forge, call),
  };
}

async function report(
  forge: ForgePort,
  call: Exclude<OnOne, { op: 'delete_branch' }>,
): Promise<ForgeReport> {
  const context = contextOf(call);
  switch (call.op) {
    case 'open_pull':
      return asReport('open', await forge.open(context, call.spec));
    case 'merge_pull': {
      const { expectedHead, method, title, message } = call;
      const how = { expectedHead, method, title, message };
      return asReport('merge', await forge.merge(context, call.ref, how));
    }
    case 'read_feedback':
      return asReport('feedback', await forge.feedback(context, call.ref));
    case 'reopen_pull': {
      const done = await forge.write(context, call.ref, { do: 'reopen' });
      return asReport('reopen', done.ok ? ok(null) : done);
    }
    case 'reply_threads':
      return asReport('reply', await reply(forge, call));
  }
}

type Replies = Extract<ForgeCall, { op: 'reply_threads' }>;

/** O4. Repeated after an answer was lost, it says nothing twice. */
async function reply(forge: ForgePort, call: Replies): Promise<Result<Replied, PRStatusError>> {
  const context = contextOf(call);
  const read = await forge.feedback(context, call.ref);
  if (!read.ok) return read;
  const { threads, complete } = read.value;
  const replies: Replied['replies'][number][] = [];
  for (const { thread, marker, body, resolve, comments } of call.replies) {
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

/** The correlated union of an op and its answer, which the types cannot follow. */
function asReport<T>(op: ForgeReport['op'], result: Result<T, PRStatusError>): ForgeReport {
  const said = result.ok ? { op, answer: result.value } : { op, error: result.error };
  return said as unknown as ForgeReport;
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
        outcome: outcomes[index] ?? lost(first.ref.project),
      }));
    }),
  );
  const { account, callId } = call;
  return { kind: 'pulls_read', account, callId, outcomes: answers.flat() };
}

/** An adapter that answers for fewer than it was asked broke its contract. */
function lost(project: ForgeProject): PRStatusOutcome {
  const host = project.origin.replace(/^https?:\/\//, '');
  const { provider } = project;
  const where = { provider, host, kind: 'invalid_response' as const };
  return { ok: false, error: { ...where, reason: 'schema_mismatch', sampleKeys: [] } };
}

function contextOf(call: { readonly rig: string; readonly project: ForgeProject }): ForgeContext {
  return { rig: call.rig, project: call.project };
}
