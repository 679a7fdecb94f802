/**
 * Takes a pull request out of its branch's merge queue and ends its native auto-merge.
 *
 * D1 Looked at before and after: what it is, is believed before what was said. What is in no queue
 *    and not armed is left alone, so that a repeat asks for nothing.
 * D2 An entry that GitHub is merging is locked, and not given out any more.
 */
import { z } from 'zod';
import type { Dequeued } from '../../core/forge-answers.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { mismatch, partsOf, type Call, type GitHubApi, type Problem } from './api.ts';

type Took = Result<Dequeued, PRStatusError>;
type Standing = z.infer<typeof standing>;

const standing = z.object({
  id: z.string(),
  state: z.string(),
  isInMergeQueue: z.boolean(),
  mergeQueueEntry: z.object({ state: z.string() }).nullish(),
  autoMergeRequest: z.object({ enabledAt: z.string().nullish() }).nullish(),
});

const LOOK = `query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    id state isInMergeQueue mergeQueueEntry { state } autoMergeRequest { enabledAt } } } }`;
const DEQUEUE = `mutation($id: ID!) {
  dequeuePullRequest(input: { id: $id }) { mergeQueueEntry { id } } }`;
const DISARM = `mutation($id: ID!) {
  disablePullRequestAutoMerge(input: { pullRequestId: $id }) { pullRequest { id } } }`;

export async function dequeuePull(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
): Promise<Took> {
  const before = await look(api, call, target);
  if (!before.ok) return before;
  const stands = settled(before.value);
  if (stands !== null) return ok(stands);
  const { id, isInMergeQueue } = before.value;
  const disarmed = isArmed(before.value) ? await change(api, call, DISARM, id) : ok(null);
  if (!disarmed.ok) return disarmed;
  const taken = isInMergeQueue ? await change(api, call, DEQUEUE, id) : ok(null);
  if (!taken.ok) return taken;
  const after = await look(api, call, target); // D1
  if (!after.ok) return after;
  const now = settled(after.value);
  if (now !== null) return ok(now);
  return refusal(taken.value ?? disarmed.value, after.value);
}

function isArmed({ autoMergeRequest }: Standing): boolean {
  return (autoMergeRequest ?? null) !== null;
}

/** null: something may still merge it. */
function settled(pull: Standing): Dequeued | null {
  if (pull.state === 'MERGED') return { is: 'over', state: 'merged' };
  if (pull.state === 'CLOSED') return { is: 'over', state: 'closed' };
  return pull.isInMergeQueue || isArmed(pull) ? null : { is: 'out' };
}

function refusal(problem: Problem | null, { mergeQueueEntry }: Standing): Took {
  const detail = problem?.words ?? 'it is still there';
  if (problem?.type === 'FORBIDDEN') return ok({ is: 'refused', reason: 'permission', detail });
  const isLocked = mergeQueueEntry?.state === 'LOCKED'; // D2
  if (isLocked) return ok({ is: 'refused', reason: 'merging', detail });
  const isOfThis = problem === null || problem.type === 'UNPROCESSABLE';
  return isOfThis ? ok({ is: 'refused', reason: 'other', detail }) : err(problem.error);
}

/** What was said against it, if anything: the look afterwards says what it means. */
async function change(
  api: GitHubApi,
  call: Call,
  mutation: string,
  id: string,
): Promise<Result<Problem | null, PRStatusError>> {
  const answer = await api.graphql({ ...call, kind: 'merge' }, mutation, { id });
  return answer.ok ? ok(answer.value.problems[0] ?? null) : answer;
}

async function look(
  api: GitHubApi,
  call: Call,
  target: PullRequestRef,
): Promise<Result<Standing, PRStatusError>> {
  const variables = { ...partsOf(target.project), number: target.number };
  const answer = await api.graphql(call, LOOK, variables);
  if (!answer.ok) return answer;
  const [problem] = answer.value.problems;
  if (problem !== undefined) return err(problem.error);
  const repository = z.object({ pullRequest: standing }).safeParse(answer.value.data['repository']);
  return repository.success
    ? ok(repository.data.pullRequest)
    : err(mismatch(call, answer.value.data));
}
