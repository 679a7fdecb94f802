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
import type { Commit } from '../../core/ids.ts';
import type { PRStatusError, PRStatusOutcome } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { hiddenToo, notThere } from '../absent.ts';
import { boundTo, inBatches, oneByOne, openIn } from '../batches.ts';
import { mismatch, type RestApi, type RestCall } from '../rest-api.ts';
import { oid } from '../wire.ts';
import { stateOf } from './merge-status.ts';
import { Parts } from './parts.ts';
import type { ProjectBook } from './project.ts';
import { mergeRequestShape, projectPath, type LabMergeRequest } from './shapes.ts';
import { snapshotOf, unread } from './snapshot.ts';

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
    return await inBatches(call, targets, (here, batch) => this.#batch(here, batch));
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
    const outcomes = await oneByOne(targets, (target) => this.#one(call, target, list.value));
    const open = openIn(outcomes);
    if (open.length === 0) return outcomes;
    const again = await this.#list(call, open, false);
    return boundTo(headsIn(again.ok ? again.value : []), outcomes); // R3
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
    return err(broken === undefined ? notThere(call, 'visible') : mismatch(call, broken.row));
  }
  const mr = mergeRequestShape.safeParse(found.row);
  if (!mr.success) return err(mismatch(call, found.row));
  // Another project took the name: ours is somewhere else, or gone.
  const isOther = target.nodeId !== null && target.nodeId !== String(mr.data.id);
  return isOther ? err(notThere(call, 'visible')) : ok(mr.data);
}

const headShape = z.object({ iid: z.number(), sha: oid });

function headsIn(rows: readonly unknown[]): ReadonlyMap<number, Commit> {
  const heads = rows.flatMap((row) => headShape.safeParse(row).data ?? []);
  return new Map(heads.map(({ iid, sha }) => [iid, sha]));
}

function failed(error: PRStatusError): PRStatusOutcome {
  return { ok: false, error };
}
