/**
 * Handlers about work: beads, the agents that do them, the merge requests they become, and the
 * escalations that need a person.
 *
 * W1 Whether something may be done now is the town's answer, never judged here.
 */
import { err, ok } from '../../core/result.ts';
import type { Failure } from '../../core/failure.ts';
import type { BeadEdit, Command } from '../../core/command.ts';
import type { workRoutes } from '../../protocol/work-routes.ts';
import { transcriptStream } from '../events.ts';
import { command, type Call, type Handlers, type ServerDeps } from '../handler.ts';
import { supersede } from './forges.ts';

type WorkHandlers = Handlers<keyof typeof workRoutes>;

export function workHandlers(deps: ServerDeps): WorkHandlers {
  return { ...beadHandlers(deps), ...agentHandlers(deps), ...reviewHandlers(deps) };
}

type BeadRoutes =
  | 'listBeads'
  | 'sling'
  | 'getBead'
  | 'editBead'
  | 'stopBead'
  | 'closeBead'
  | 'retryBead'
  | 'revertBead'
  | 'holdBead'
  | 'releaseBead'
  | 'dependBead'
  | 'diffBead'
  | 'checkoutBead';

function beadHandlers(deps: ServerDeps): Pick<WorkHandlers, BeadRoutes> {
  const named = ({ id }: { readonly id: string }) => deps.queries().bead(id);
  return {
    listBeads: ({ query }) => deps.queries().listBeads(query, query),
    getBead: ({ params }) => deps.queries().bead(params.bead),
    sling: (call) => command(deps, call, slingOrder(call.body), named),
    editBead: (call) => {
      const edit = editOf(call.body);
      return command(deps, call, { kind: 'bead_edit', bead: call.params.bead, edit }, named);
    },
    stopBead: (call) => {
      const { reason } = call.body;
      return command(deps, call, { kind: 'bead_stop', bead: call.params.bead, reason }, named);
    },
    closeBead: (call) => {
      const { bead } = call.params;
      return command(deps, call, { kind: 'bead_close', bead, ...call.body }, named);
    },
    retryBead: (call) => {
      const { note } = call.body;
      return command(deps, call, { kind: 'bead_retry', bead: call.params.bead, note }, named);
    },
    revertBead: (call) =>
      command(deps, call, { kind: 'bead_revert', bead: call.params.bead }, named),
    holdBead: (call) => command(deps, call, { kind: 'bead_hold', bead: call.params.bead }, named),
    releaseBead: (call) =>
      command(deps, call, { kind: 'bead_release', bead: call.params.bead }, named),
    dependBead: (call) => {
      const { bead } = call.params;
      return command(deps, call, { kind: 'bead_depend', bead, ...call.body }, named);
    },
    ...readHandlers(deps),
  };
}

/** What is read from the repository itself, by the runner that has it. */
function readHandlers(deps: ServerDeps): Pick<WorkHandlers, 'diffBead' | 'checkoutBead'> {
  const located = (id: string) => {
    const bead = deps.queries().beadRow(id);
    if (!bead.ok) return bead;
    const rig = deps.queries().rigRef(bead.value);
    return rig.ok ? ok({ bead: bead.value, rig: rig.value }) : rig;
  };
  return {
    diffBead: async ({ params }) => {
      const found = located(params.bead);
      if (!found.ok) return found;
      const { bead, rig } = found.value;
      const base = bead.submission?.base ?? bead.base;
      if (base === null) return err(notBegun('bead diff', bead.id, bead.status));
      const head = bead.submission?.head ?? null;
      const read = await deps.read({ kind: 'diff', rig, bead: bead.id, base, head });
      if (!read.ok) return read;
      if (read.value.kind !== 'diff') throw new Error('a diff was asked for');
      return ok({ text: read.value.text, truncated: read.value.truncated });
    },
    checkoutBead: async ({ params, body, dryRun }) => {
      const found = located(params.bead);
      if (!found.ok) return found;
      const { bead, rig } = found.value;
      const { directory } = body;
      if (!directory.startsWith('/')) return err(notAbsolute('directory', directory));
      const head = bead.proof?.commit ?? bead.submission?.head ?? bead.base;
      if (head === null) return err(notBegun('bead checkout', bead.id, bead.status));
      const { branch } = bead;
      const read = await deps.read({
        kind: 'checkout',
        rig,
        bead: bead.id,
        branch,
        head,
        directory,
        dryRun,
      });
      if (!read.ok) return read;
      if (read.value.kind !== 'checkout') throw new Error('a checkout was asked for');
      return ok({ directory: read.value.directory, branch: read.value.branch });
    },
  };
}

type AgentRoutes = 'listAgents' | 'getAgent' | 'stopAgent' | 'transcript';

function agentHandlers(deps: ServerDeps): Pick<WorkHandlers, AgentRoutes> {
  return {
    listAgents: ({ query }) => deps.queries().listAttempts(query, query),
    getAgent: ({ params }) => deps.queries().attempt(params.attempt),
    stopAgent: (call) => {
      const found = deps.queries().attemptRow(call.params.attempt);
      if (!found.ok) return found;
      const attempt = found.value.id;
      const order = { kind: 'agent_stop', attempt, reason: call.body.reason } as const;
      return command(deps, call, order, () => deps.queries().attempt(attempt));
    },
    transcript: ({ params, query, request }) => {
      const found = deps.queries().attemptRow(params.attempt);
      if (!found.ok) return found;
      const after = cursorSeq(query.cursor) ?? query.after ?? -1; // chunks count from 0
      if (request.headers.get('accept')?.includes('text/event-stream') === true) {
        return transcriptStream(deps, request, found.value.id, query.after);
      }
      return ok(deps.queries().transcript(found.value.id, after, query.limit));
    },
  };
}

type ReviewRoutes =
  | 'listMergeRequests'
  | 'getMergeRequest'
  | 'decideMergeRequest'
  | 'listEscalations'
  | 'getEscalation'
  | 'ackEscalation'
  | 'resolveEscalation';

function reviewHandlers(deps: ServerDeps): Pick<WorkHandlers, ReviewRoutes> {
  return {
    listMergeRequests: ({ query }) => deps.queries().listMergeRequests(query, query),
    getMergeRequest: ({ params }) => deps.queries().mergeRequest(params.mergeRequest),
    decideMergeRequest: (call) => {
      const { mergeRequest } = call.params;
      const order = { kind: 'mr_decide', mergeRequest, ...call.body } as const;
      return command(deps, call, order, () => deps.queries().mergeRequest(mergeRequest));
    },
    listEscalations: ({ query }) => deps.queries().listEscalations(query.all ?? false, query),
    getEscalation: ({ params }) => deps.queries().escalation(params.escalation),
    ackEscalation: (call) => {
      const { escalation } = call.params;
      const order = { kind: 'escalation_ack', escalation } as const;
      return command(deps, call, order, () => deps.queries().escalation(escalation));
    },
    resolveEscalation: (call) => {
      const { escalation } = call.params;
      const { answer } = call.body;
      const rig = isAddress(answer) ? deps.forge.queries().rigToSupersede(escalation) : null;
      if (rig !== null && answer !== null) return supersede(deps, call, rig, answer);
      const order = { kind: 'escalation_resolve', escalation, ...call.body } as const;
      return command(deps, call, order, () => deps.queries().escalation(escalation));
    },
  };
}

/** Is it the address of a page rather than words? */
function isAddress(answer: string | null): boolean {
  return /^https?:\/\/\S+$/i.test(answer?.trim() ?? '');
}

export function cursorSeq(cursor: string | undefined): number | undefined {
  return cursor !== undefined && /^\d{1,15}$/.test(cursor) ? Number(cursor) : undefined;
}

export function slingOrder(body: Call<'sling'>['body']): Command {
  return { kind: 'sling', ...body, priority: priorityOf(body.priority) };
}

/** The schema has bounded it. */
function priorityOf(value: number): 0 | 1 | 2 | 3 | 4 {
  const found = ([0, 1, 2, 3, 4] as const).find((priority) => priority === value);
  return found ?? 2;
}

/** Only what was given: an absent field stays as it is. */
function editOf(body: {
  readonly title?: string | undefined;
  readonly body?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  readonly priority?: number | undefined;
  readonly agent?: string | null | undefined;
  readonly model?: string | null | undefined;
}): BeadEdit {
  return {
    ...(body.title === undefined ? {} : { title: body.title }),
    ...(body.body === undefined ? {} : { body: body.body }),
    ...(body.scope === undefined ? {} : { scope: body.scope }),
    ...(body.priority === undefined ? {} : { priority: priorityOf(body.priority) }),
    ...(body.agent === undefined ? {} : { agent: body.agent }),
    ...(body.model === undefined ? {} : { model: body.model }),
  };
}

function notBegun(name: string, bead: string, status: string): Failure {
  const allowed = ['in_progress', 'in_review', 'failed', 'closed'];
  return { kind: 'not_now', helps: 'later', command: name, name: bead, status, allowed };
}

export function notAbsolute(field: string, given: string): Failure {
  const expected = 'an absolute path';
  return { kind: 'bad_value', helps: 'person', field, given: given.slice(0, 200), expected };
}
