/**
 * What people ask of beads. Each records the wish on the bead; its own decision carries it out.
 */
import { noUsage } from '../../core/attempt.ts';
import { answerRound, type Bead } from '../../core/bead.ts';
import type { BeadEdit, Command } from '../../core/command.ts';
import { isOfChoice, type Failure } from '../../core/failure.ts';
import { beadId, type BeadId } from '../../core/ids.ts';
import { bodyFixing, issuesOf, readIssue } from '../../core/issue.ts';
import { limits } from '../../core/limits.ts';
import { branchOf } from '../../core/names.ts';
import { insert, update } from '../../core/plan.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { readScope } from '../../core/scope.ts';
import type { Rig } from '../../core/rig.ts';
import { dependencies } from '../../storage/tables/dependencies.ts';
import { beads } from '../../storage/tables/beads.ts';
import { rigs } from '../../storage/tables/rigs.ts';
import { mergeRequests } from '../../storage/tables/merge-requests.ts';
import { loadTown, settingsOf } from '../../storage/load-view.ts';
import { remark, touch } from '../apply.ts';
import { duplicateAfter, duplicateOf } from '../duplicates.ts';
import { agentProblem } from './agents.ts';
import { done, findBead, findRig, notNow, type Answer, type Ask } from './ask.ts';
import { retryLanding } from './retry-landing.ts';

type Of<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

export function sling(ask: Ask, command: Of<'sling'>): Answer {
  const rig = findRig(ask.turn.tx, command.rig);
  if (!rig.ok) return rig;
  const problem =
    titleProblem(command.title) ??
    bodyProblem(command.body) ??
    agentProblem(ask.turn.tx, command.agent, rig.value);
  if (problem !== null) return err(problem);
  const blockers = findBlockers(ask, command.after);
  if (!blockers.ok) return blockers;
  const body = bodyAbout(rig.value, command);
  if (!body.ok) return body;
  const scope = readScope(command.scope ?? []);
  if (!scope.ok) return scope;
  const issues = issuesOf(rig.value, `${command.title}\n${body.value}`);
  const { priority, hold: asked, agent, model, anyway = false } = command;
  const title = command.title.trim();
  const about = { title, body: body.value, scope: scope.value };
  const wanted = { ...about, priority, hold: asked, agent, model };
  const bead = { ...newBead(ask, rig.value, wanted), issues };
  const match = duplicateOf(ask.turn.tx, rig.value, bead, ask.turn.now);
  const duplicate = match === null ? null : { ...match, letGo: anyway };
  const hold = asked || duplicate?.letGo === false;
  return slung(ask, rig.value, { ...bead, duplicate, hold }, blockers.value);
}

/** The body, with the issue that was named beside it. */
function bodyAbout(rig: Rig, { title, body, issue = null }: Of<'sling'>): Result<string, Failure> {
  if (issue === null) return ok(body);
  const named = readIssue(rig, issue);
  if (named === null) {
    const on = rig.forge === null ? '' : ` or ${rig.forge.origin}/${rig.forge.path}/issues/12`;
    const expected = `an issue: #12, team/docs#3${on}`;
    return err({ kind: 'bad_value', helps: 'person', field: 'issue', given: issue, expected });
  }
  return ok(bodyFixing(rig, { title, body }, [named]));
}

function slung(ask: Ask, rig: Rig, bead: Bead, blockers: readonly BeadId[]): Answer {
  const { tx } = ask.turn;
  for (const blocker of blockers) dependencies.add(tx, bead.id, blocker);
  const { open, broken } = dependencies.count(tx, bead.id);
  const blocked = open > 0 || broken !== null;
  const row: Bead = {
    ...bead,
    status: bead.hold ? 'held' : blocked ? 'blocked' : 'open',
    openBlockers: open,
    brokenBlocker: broken,
  };
  return done(
    ask,
    row.id,
    insert('bead', row, 'slung'),
    update('rig', rig.id, { nextBead: rig.nextBead + 1 }, 'numbered'),
  );
}

export function edit(ask: Ask, command: Of<'bead_edit'>): Answer {
  const bead = findBead(ask.turn.tx, command.bead);
  if (!bead.ok) return bead;
  const change = command.edit;
  const refused =
    notNow('edit', bead.value, ['held', 'blocked', 'open', 'in_progress', 'in_review', 'failed']) ??
    (change.title === undefined ? null : titleProblem(change.title)) ??
    (change.body === undefined ? null : bodyProblem(change.body)) ??
    agentProblem(ask.turn.tx, change.agent, rigs.get(ask.turn.tx, bead.value.rig));
  if (refused !== null) return err(refused);
  const scope = change.scope === undefined ? null : readScope(change.scope);
  if (scope?.ok === false) return scope;
  const declared = scope === null ? {} : { scope: scope.value };
  // Another agent is the answer to one that could not be started.
  const { status, failure } = bead.value;
  const chosen = change.agent !== undefined || change.model !== undefined;
  const again = status === 'failed' && isOfChoice(failure) && chosen ? { retryAsked: true } : {};
  const about = aboutOther(ask, bead.value, change);
  const columns = { ...change, ...declared, ...again, ...about };
  return done(ask, bead.value.id, update('bead', bead.value.id, columns, 'edited'));
}

/** Other words may be another work. A match holds it, also when an agent is at work on it. */
function aboutOther(ask: Ask, bead: Bead, change: BeadEdit): Partial<Bead> {
  const rig = rigs.get(ask.turn.tx, bead.rig);
  if (rig === undefined || (change.title === undefined && change.body === undefined)) return {};
  const words = { title: change.title ?? bead.title, body: change.body ?? bead.body };
  const issues = bead.reverts === null ? issuesOf(rig, `${words.title}\n${words.body}`) : [];
  const after = { ...bead, ...words, issues };
  const duplicate = duplicateAfter(ask.turn.tx, rig, bead, after, ask.turn.now);
  const isNew = duplicate?.letGo === false && duplicate !== bead.duplicate;
  return isNew ? { issues, duplicate, hold: true } : { issues, duplicate };
}

export function stop(ask: Ask, command: Of<'bead_stop'>): Answer {
  const bead = findBead(ask.turn.tx, command.bead);
  if (!bead.ok) return bead;
  const refused = notNow('stop', bead.value, ['in_progress', 'open']);
  if (refused !== null) return err(refused);
  remarkReason(ask, bead.value, 'stop', command.reason);
  return done(ask, bead.value.id, update('bead', bead.value.id, { hold: true }, 'stop_asked'));
}

export function close(ask: Ask, command: Of<'bead_close'>): Answer {
  const bead = findBead(ask.turn.tx, command.bead);
  if (!bead.ok) return bead;
  const refused = notNow('close', bead.value, [
    'held',
    'blocked',
    'open',
    'in_progress',
    'in_review',
    'failed',
  ]);
  if (refused !== null) return err(refused);
  remarkReason(ask, bead.value, 'close', command.reason);
  const wish = { closeAs: command.resolution };
  return done(ask, bead.value.id, update('bead', bead.value.id, wish, 'close_asked'));
}

/** Out of `failed` or a backoff with fresh counters; in review, the landing is tried again now. */
export function retry(ask: Ask, command: Of<'bead_retry'>): Answer {
  const found = findBead(ask.turn.tx, command.bead);
  if (!found.ok) return found;
  const bead = found.value;
  const refused = notNow('retry', bead, ['failed', 'open', 'in_review']);
  if (refused !== null) return err(refused);
  if (bead.status === 'in_review') {
    const request = mergeRequests.liveOfBead(ask.turn.tx, bead.id);
    const again = request === undefined ? [] : retryLanding(ask, request, 'retry_asked');
    return done(ask, bead.id, ...again);
  }
  const { note } = command;
  const failures = bead.round?.failures ?? [];
  const round =
    note === null ? {} : { round: answerRound(bead, { failures, question: null, answer: note }) };
  // Its rig may be unready for what was just put right: it looks again first.
  const rig = rigs.get(ask.turn.tx, bead.rig);
  const looks =
    rig?.status === 'unready' ? [update('rig', rig.id, { probeAsked: true }, 'retry_asked')] : [];
  const wish = update('bead', bead.id, { retryAsked: true, ...round }, 'retry_asked');
  return done(ask, bead.id, wish, ...looks);
}

/** A new bead whose change the system makes: the merged one taken back. */
export function revert(ask: Ask, command: Of<'bead_revert'>): Answer {
  const { tx } = ask.turn;
  const found = findBead(tx, command.bead);
  if (!found.ok) return found;
  const bead = found.value;
  const request = bead.mergeRequest === null ? undefined : mergeRequests.get(tx, bead.mergeRequest);
  const { proof } = bead;
  if (bead.status !== 'closed' || proof === null || request === undefined) {
    return err({
      kind: 'not_now',
      helps: 'person',
      command: 'revert',
      name: bead.id,
      status: bead.resolution ?? bead.status,
      allowed: ['merged'],
    });
  }
  const before = proof.by === 'head' ? bead.base : (request.candidate?.targetTip ?? bead.base);
  if (before === null) return err(missingBase(bead));
  const rig = findRig(tx, bead.rig);
  if (!rig.ok) return rig;
  const title = `Revert "${bead.title}"`.slice(0, limits.beadTitleCharsMax);
  const body =
    `Take back what ${bead.id} changed: the difference between ${before} and ${proof.commit}, ` +
    'as it stands in the target now.';
  const fresh = newBead(ask, rig.value, {
    title,
    body,
    scope: bead.scope,
    priority: bead.priority,
    hold: false,
    agent: bead.agent,
    model: bead.model,
  });
  const reverts = { bead: bead.id, before, after: proof.commit };
  return slung(ask, rig.value, { ...fresh, reverts }, []);
}

export function hold(ask: Ask, command: Of<'bead_hold'>): Answer {
  const bead = findBead(ask.turn.tx, command.bead);
  if (!bead.ok) return bead;
  const refused = notNow('hold', bead.value, [
    'blocked',
    'open',
    'in_progress',
    'in_review',
    'failed',
  ]);
  if (refused !== null) return err(refused);
  return done(ask, bead.value.id, update('bead', bead.value.id, { hold: true }, 'hold_asked'));
}

export function release(ask: Ask, command: Of<'bead_release'>): Answer {
  const bead = findBead(ask.turn.tx, command.bead);
  if (!bead.ok) return bead;
  const refused = bead.value.hold ? null : notNow('release', bead.value, ['held']);
  if (refused !== null) return err(refused);
  const { id, duplicate } = bead.value;
  const both = duplicate === null ? {} : { duplicate: { ...duplicate, letGo: true } };
  return done(ask, id, update('bead', id, { hold: false, ...both }, 'release_asked'));
}

export function depend(ask: Ask, command: Of<'bead_depend'>): Answer {
  const { tx } = ask.turn;
  const found = findBead(tx, command.bead);
  if (!found.ok) return found;
  const bead = found.value;
  const refused = notNow('depend', bead, ['held', 'blocked', 'open']);
  if (refused !== null) return err(refused);
  const added = findBlockers(ask, command.add);
  if (!added.ok) return added;
  for (const blocker of added.value) {
    const path = pathTo(ask, blocker, bead.id);
    if (path !== null) return err({ kind: 'cycle', helps: 'person', beads: [bead.id, ...path] });
  }
  for (const blocker of added.value) dependencies.add(tx, bead.id, blocker);
  for (const blocker of command.remove) dependencies.remove(tx, bead.id, beadId(blocker));
  const { open, broken } = dependencies.count(tx, bead.id);
  remark(ask.turn, { kind: 'bead', id: bead.id }, 'dependencies', ask.who, {
    after: dependencies.blockers(tx, bead.id),
  });
  touch(ask.turn, { kind: 'bead', id: bead.id });
  const columns = { openBlockers: open, brokenBlocker: broken };
  return done(ask, bead.id, update('bead', bead.id, columns, 'depend'));
}

function findBlockers(ask: Ask, names: readonly string[]): Result<readonly BeadId[], Failure> {
  if (names.length > limits.dependenciesMax) {
    const expected = `at most ${limits.dependenciesMax} beads`;
    return err({
      kind: 'bad_value',
      helps: 'person',
      field: 'after',
      given: `${names.length} beads`,
      expected,
    });
  }
  const found: BeadId[] = [];
  for (const name of new Set(names)) {
    const bead = findBead(ask.turn.tx, name);
    if (!bead.ok) return bead;
    found.push(bead.value.id);
  }
  return ok(found);
}

/** From a bead along its blockers to another, or null: an edge back would close a cycle. */
function pathTo(ask: Ask, from: BeadId, to: BeadId): readonly BeadId[] | null {
  const cameFrom = new Map<BeadId, BeadId | null>([[from, null]]);
  const queue: BeadId[] = [from];
  for (let bead = queue.shift(); bead !== undefined; bead = queue.shift()) {
    if (bead === to) return backFrom(cameFrom, to);
    for (const next of dependencies.blockers(ask.turn.tx, bead)) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, bead);
      queue.push(next);
    }
  }
  return null;
}

function backFrom(cameFrom: ReadonlyMap<BeadId, BeadId | null>, end: BeadId): readonly BeadId[] {
  const path: BeadId[] = [];
  for (let bead: BeadId | null = end; bead !== null; bead = cameFrom.get(bead) ?? null) {
    path.unshift(bead);
  }
  return path;
}

type Wanted = Pick<Bead, 'title' | 'body' | 'scope' | 'priority' | 'hold' | 'agent' | 'model'>;

export function newBead(ask: Ask, rig: Rig, wanted: Wanted): Bead {
  const { tx, now } = ask.turn;
  const town = loadTown(tx);
  const id = beadId(`${rig.prefix}-${rig.nextBead}`);
  const prefix = settingsOf(town, rig).branchPrefix;
  return {
    ...wanted,
    id,
    issues: [],
    duplicate: null,
    rig: rig.id,
    number: rig.nextBead,
    status: 'open',
    resolution: null,
    closeAs: null,
    retryAsked: false,
    stopAsked: false,
    openBlockers: 0,
    brokenBlocker: null,
    ready: false,
    readyAt: null,
    notBefore: null,
    attempt: null,
    attempts: 0,
    charged: 0,
    startFailures: 0,
    rounds: {},
    round: null,
    branch: branchOf({ prefix, tag: town.tag, bead: id, title: wanted.title }),
    base: null,
    submission: null,
    mergeRequest: null,
    reverts: null,
    proof: null,
    escalation: null,
    failure: null,
    usage: noUsage,
    waits: [],
    createdAt: now,
    createdBy: ask.who,
    updatedAt: now,
    closedAt: null,
    parked: null,
  };
}

function titleProblem(title: string): Failure | null {
  const max = limits.beadTitleCharsMax;
  const length = title.trim().length;
  if (length > 0 && length <= max) return null;
  return {
    kind: 'bad_value',
    helps: 'person',
    field: 'title',
    given: title.slice(0, 60),
    expected: `one line of 1 to ${max} characters`,
  };
}

function bodyProblem(body: string): Failure | null {
  const bytes = utf8Bytes(body);
  const max = limits.beadBodyBytesMax;
  if (bytes <= max) return null;
  return { kind: 'too_large', helps: 'person', field: 'body', bytes, max };
}

/** This room has no TextEncoder: the length follows from the code points. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function missingBase(bead: Bead): Failure {
  return {
    kind: 'not_now',
    helps: 'no',
    command: 'revert',
    name: bead.id,
    status: 'merged without a base we know',
    allowed: [],
  };
}

function remarkReason(ask: Ask, bead: Bead, what: string, reason: string): void {
  if (reason === '') return;
  remark(ask.turn, { kind: 'bead', id: bead.id }, `${what}_reason`, ask.who, { reason });
}

/** Is any bead of this rig still alive? The first few, for the refusal. */
export function liveBeads(ask: Ask, rig: Rig): readonly BeadId[] {
  return beads.liveOfRig(ask.turn.tx, rig.id, 5).map(({ id }) => id);
}
