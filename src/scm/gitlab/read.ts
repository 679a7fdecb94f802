/**
 * Reads merge requests: one list per project, then what each open one has besides.
 *
 * R1 One outcome per target, in order; a bad one does not poison the others.
 * R2 Read to the end, or `unknown`: never the first page taken for all.
 * R3 Heads are listed again at the end: what was read around a move is unknown.
 * R4 When the host or the credential fails, the merge request is unread and the others are not
 *    tried; when one part of it is refused, that group alone is unknown.
 */
import { z } from 'zod';
import { limits } from '../../core/limits.ts';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { PullRequestRef, PullRequestSnapshot } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { hiddenToo, isOfTheHost, notInList } from '../absent.ts';
import { mismatch, type RestApi, type RestCall } from '../rest-api.ts';
import { oid } from '../wire.ts';
import { stateOf } from './merge-status.ts';
import { Parts } from './parts.ts';
import type { ProjectBook } from './project.ts';
import { mergeRequestShape, projectPath, type LabMergeRequest } from './shapes.ts';
import { afterMove, snapshotOf, unread } from './snapshot.ts';

export class MergeRequestReader {
  readonly #api: RestApi;
  readonly #parts: Parts;

  constructor(api: RestApi, projects: ProjectBook) {
    this.#api = api;
    this.#parts = new Parts(api, projects);
  }

  /** R1 */
  async read(
    call: RestCall,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    const outcomes = new Map<number, PRStatusOutcome>();
    for (const { project, indexes } of byProject(targets)) {
      for (let start = 0; start < indexes.length; start += limits.pullsPerRead) {
        const some = indexes.slice(start, start + limits.pullsPerRead);
        const batch = some.flatMap((index) => targets[index] ?? []);
        const read = await this.#batch({ ...call, project }, batch);
        for (const [at, index] of some.entries()) {
          const outcome = read[at];
          if (outcome !== undefined) outcomes.set(index, outcome);
        }
      }
    }
    return targets.map((_, index) => outcomes.get(index) ?? failed(notInList(call)));
  }

  async #batch(
    call: RestCall,
    targets: readonly PullRequestRef[],
  ): Promise<readonly PRStatusOutcome[]> {
    const numbers = targets.map(({ number }) => number);
    const list = await this.#list(call, numbers, true);
    if (!list.ok) {
      const error = hiddenToo(list.error);
      return targets.map(() => failed(error));
    }
    const outcomes: PRStatusOutcome[] = [];
    for (const target of targets) {
      const last = outcomes.at(-1);
      const isDown = last?.ok === false && isOfTheHost(last.error); // R4
      outcomes.push(isDown ? last : await this.#one(call, target, list.value));
    }
    const open = outcomes.flatMap((one) =>
      one.ok && one.result.state === 'open' ? [one.result.ref.number] : [],
    );
    if (open.length === 0) return outcomes;
    const heads = await this.#list(call, open, false);
    return outcomes.map((one) => (one.ok ? { ok: true, result: bound(one.result, heads) } : one));
  }

  async #list(
    call: RestCall,
    numbers: readonly number[],
    recheck: boolean,
  ): Promise<Result<readonly unknown[], PRStatusError>> {
    const query = new URLSearchParams([
      ...numbers.map((number): [string, string] => ['iids[]', String(number)]),
      ['state', 'all'],
      ['scope', 'all'],
      ...(recheck ? [['with_merge_status_recheck', 'true'] satisfies [string, string]] : []),
    ]);
    const path = `${projectPath(call.project)}/merge_requests?${query.toString()}`;
    const list = await this.#api.list(call, path, z.unknown());
    return list.ok ? ok(list.value.items) : list;
  }

  async #one(
    call: RestCall,
    target: PullRequestRef,
    rows: readonly unknown[],
  ): Promise<PRStatusOutcome> {
    const row = rowOf(call, target, rows);
    if (!row.ok) return failed(row.error);
    const mr = row.value;
    if (stateOf(mr) !== 'open') {
      const groups = unread('not_open', mr, target.project);
      return { ok: true, result: snapshotOf(target.project, mr, groups, this.#api.now) };
    }
    const read = await this.#parts.of(call, mr.iid);
    if (!read.ok) return failed(read.error);
    const { mergeRequest, groups } = read.value;
    return {
      ok: true,
      result: snapshotOf(target.project, mergeRequest, groups, this.#api.now),
    };
  }
}

interface Group {
  readonly project: PullRequestRef['project'];
  readonly indexes: readonly number[];
}

function byProject(targets: readonly PullRequestRef[]): readonly Group[] {
  const paths = [...new Set(targets.map(({ project }) => project.path))];
  return paths.flatMap((path) => {
    const indexes = [...targets.keys()].filter((index) => targets[index]?.project.path === path);
    const project = targets[indexes[0] ?? 0]?.project;
    return project === undefined ? [] : [{ project, indexes }];
  });
}

const numbered = z.object({ iid: z.number() });

/** Its own row of the list, whatever the others look like. */
function rowOf(
  call: RestCall,
  target: PullRequestRef,
  rows: readonly unknown[],
): Result<LabMergeRequest, PRStatusError> {
  const named = rows.map((row) => ({ row, iid: numbered.safeParse(row).data?.iid }));
  const found = named.find(({ iid }) => iid === target.number);
  if (found === undefined) {
    const broken = named.find(({ iid }) => iid === undefined);
    return err(broken === undefined ? notInList(call) : mismatch(call, broken.row));
  }
  const mr = mergeRequestShape.safeParse(found.row);
  if (!mr.success) return err(mismatch(call, found.row));
  // Another project took the name: ours is somewhere else, or gone.
  const isOther = target.nodeId !== null && target.nodeId !== String(mr.data.id);
  return isOther ? err(notInList(call)) : ok(mr.data);
}

const headShape = z.object({ iid: z.number(), sha: oid });

/** R3 */
function bound(
  snapshot: PullRequestSnapshot,
  heads: Result<readonly unknown[], PRStatusError>,
): PullRequestSnapshot {
  if (snapshot.state !== 'open') return snapshot;
  const rows = heads.ok ? heads.value.map((row) => headShape.safeParse(row).data) : [];
  const head = rows.find((row) => row?.iid === snapshot.ref.number)?.sha;
  return head === snapshot.head ? snapshot : afterMove(snapshot);
}

function failed(error: PRStatusError): PRStatusOutcome {
  return { ok: false, error };
}
