/**
 * Takes a merge request out of its merge train and ends its waiting to be merged by itself.
 *
 * D1 One call ends both. GitLab answers 201 also where it refuses, and only the body says so: the
 *    merge request itself is read afterwards, and what it is, is believed before what was said.
 * D2 What waits for nothing is left alone, so that a repeat asks for nothing.
 */
import type { Dequeued } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef, PullRequestSnapshot } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { explained } from '../absent.ts';
import { mismatch, type RestApi, type RestCall } from '../rest-api.ts';
import { stateOf } from './merge-status.ts';
import { readMergeRequest, readTrain } from './parts.ts';
import { readProject, type ProjectBook } from './project.ts';
import { mergeRequestPath } from './shapes.ts';
import { wordsOf } from './words.ts';

type Took = Result<Dequeued, PRStatusError>;

interface Standing {
  readonly state: PullRequestSnapshot['state'];
  readonly armed: boolean;
  readonly train: PullRequestSnapshot['queue'];
}

interface Taking {
  readonly api: RestApi;
  readonly projects: ProjectBook;
  readonly call: RestCall;
  readonly target: PullRequestRef;
}

export async function dequeueMergeRequest(taking: Taking): Promise<Took> {
  const { api, call } = taking;
  const taken = await take(taking);
  return taken.ok ? taken : err(await explained(taken.error, () => readProject(api, call)));
}

async function take(taking: Taking): Promise<Took> {
  const { api, call, target } = taking;
  const before = await look(taking);
  if (!before.ok) return before;
  const stands = settled(before.value);
  if (stands !== null) return ok(stands); // D2
  const at = mergeRequestPath(target.project, target.number);
  const path = `${at}/cancel_merge_when_pipeline_succeeds`;
  const answers = [401, 403, 405, 406, 409];
  const answer = await api.ask({ ...call, kind: 'merge' }, 'POST', path, { answers });
  if (!answer.ok) return answer;
  const after = await look(taking); // D1
  if (!after.ok) return after;
  const now = settled(after.value);
  if (now !== null) return ok(now);
  const { status } = answer.value;
  const isRight = status === 401 || status === 403;
  const { train } = after.value;
  const isMerging = train.is === 'complete' && train.value === 'merging';
  const reason = isRight ? 'permission' : isMerging ? 'merging' : 'other';
  return ok({ is: 'refused', reason, detail: wordsOf(answer.value) });
}

async function look({
  api,
  projects,
  call,
  target,
}: Taking): Promise<Result<Standing, PRStatusError>> {
  const read = await readMergeRequest(api, call, target.number);
  if (!read.ok) return read;
  const project = await projects.of(call);
  if (!project.ok) return project;
  const train = await readTrain(api, call, target.number, project.value);
  if (train.is === 'unknown') return err(mismatch(call, { train: train.why }));
  const armed = read.value.merge_when_pipeline_succeeds === true;
  return ok({ state: stateOf(read.value), armed, train });
}

/** null: something may still merge it. */
function settled({ state, armed, train }: Standing): Dequeued | null {
  if (state !== 'open') return { is: 'over', state };
  const isIn = train.is === 'complete' && train.value !== 'none';
  return armed || isIn ? null : { is: 'out' };
}
