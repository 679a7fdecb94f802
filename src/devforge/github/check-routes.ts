/**
 * GitHub's REST routes of checks and statuses: what ran, how it ended, what it said.
 *
 * K1 A list says its whole count, and shows a page of it. K2 A log comes by a redirect, and the
 *    place it leads to asks for no credential.
 */
import { json, plain, route, type Answer, type Route } from '../exchange.ts';
import { text } from '../json.ts';
import type { CheckRun, CheckStatus, Conclusion, StatusState } from '../model.ts';
import type { Repo } from '../repo.ts';
import {
  invalid,
  notFound,
  onRepo,
  paged,
  problem,
  type Handler,
  type RepoCall,
  type Urls,
} from './call.ts';
import { checkShape, statusShape } from './pull-shapes.ts';
import { iso, isoOrNull, smallRepoShape, userShape } from './shapes.ts';

const AT = '/repos/:owner/:repo';
type Shape = Readonly<Record<string, unknown>>;

export const CHECK_ROUTES: readonly Route<Handler>[] = [
  route(`GET ${AT}/commits/*ref/check-runs`, onRepo('checks=read', listChecks)),
  route(`GET ${AT}/commits/*ref/status`, onRepo('statuses=read', combinedStatus)),
  route(
    `GET ${AT}/commits/*ref/statuses`,
    onRepo('statuses=read', async (call) => {
      const sha = await shaOf(call);
      if (sha === null) return notFound();
      const all = [...(call.repo.statuses.get(sha) ?? [])].reverse();
      return await paged(call, all, (status) => ({
        ...statusShape(status, call.repo, call.urls),
        creator: userShape(status.creator, call.urls),
      }));
    }),
  ),
  route(`POST ${AT}/statuses/:sha`, onRepo('statuses=write', addStatus)),
  route(`POST ${AT}/check-runs`, onRepo('checks=write', addCheck)),
  route(
    `GET ${AT}/check-runs/:run`,
    onRepo('checks=read', async (call) => {
      const run = runOf(call);
      return run === null ? notFound() : json(200, checkShape(run, call.repo, call.urls));
    }),
  ),
  route(
    `GET ${AT}/check-runs/:run/annotations`,
    onRepo('checks=read', async (call) => {
      const run = runOf(call);
      if (run === null) return notFound();
      return await paged(call, run.annotations, (one) => ({
        path: one.path,
        blob_href: `${call.urls.web}/${call.repo.fullName}/blob/${run.sha}/${one.path}`,
        start_line: one.line,
        start_column: null,
        end_line: one.line,
        end_column: null,
        annotation_level: one.level,
        title: one.title ?? null,
        message: one.message,
        raw_details: null,
      }));
    }),
  ),
  route(
    `GET ${AT}/actions/jobs/:run`,
    onRepo('actions=read', async (call) => {
      const run = runOf(call);
      if (run === null || run.app !== 'github-actions') return notFound();
      return json(200, jobShape(run, call.repo, call.urls));
    }),
  ),
  route(
    `GET ${AT}/actions/jobs/:run/logs`,
    onRepo('actions=read', async (call) => {
      const run = runOf(call);
      if (run === null || run.app !== 'github-actions') return notFound();
      const location = `${call.urls.web}/job-logs/${call.repo.id}/${run.id}`;
      return { status: 302, headers: { location }, body: '' }; // K2
    }),
  ),
];

/** K2 */
export function jobLog(repos: readonly Repo[], path: string): Answer | null {
  const [, repoId, runId] = /^\/job-logs\/(\d+)\/(\d+)$/.exec(path) ?? [];
  const repo = repos.find(({ id }) => String(id) === repoId);
  const run = [...(repo?.checks.values() ?? [])].flat().find(({ id }) => String(id) === runId);
  return run === undefined ? null : plain(200, run.log);
}

function runOf({ repo, params }: RepoCall): CheckRun | null {
  const id = Number(params['run']);
  return [...repo.checks.values()].flat().find((run) => run.id === id) ?? null;
}

async function shaOf({ repo, params }: RepoCall): Promise<string | null> {
  const ref = (params['ref'] ?? '').replace(/^heads\//, '');
  return repo.refs.get(ref) ?? (await repo.git.resolve(ref));
}

async function listChecks(call: RepoCall): Promise<Answer> {
  const { repo, urls, incoming } = call;
  const sha = await shaOf(call);
  if (sha === null) return problem(422, `No commit found for SHA: ${call.params['ref'] ?? ''}`);
  const all = incoming.query.get('filter') === 'all';
  const runs = all ? (repo.checks.get(sha) ?? []) : repo.latestChecks(sha);
  const name = incoming.query.get('check_name');
  const found = runs.filter((run) => name === null || run.name === name);
  return await paged(
    call,
    found,
    (run) => checkShape(run, repo, urls),
    (check_runs, total_count) => ({ total_count, check_runs }), // K1
  );
}

async function combinedStatus(call: RepoCall): Promise<Answer> {
  const { repo, urls } = call;
  const sha = await shaOf(call);
  if (sha === null) return problem(422, `No commit found for SHA: ${call.params['ref'] ?? ''}`);
  const statuses = repo.latestStatuses(sha);
  const states = statuses.map(({ state }) => state);
  const failed = states.includes('failure') || states.includes('error');
  const passed = states.length > 0 && states.every((state) => state === 'success');
  const own = `${urls.api}/repos/${repo.fullName}/commits/${sha}`;
  return await paged(
    call,
    statuses,
    (status) => statusShape(status, repo, urls),
    (items, total_count) => ({
      state: failed ? 'failure' : passed ? 'success' : 'pending',
      statuses: items,
      sha,
      total_count,
      repository: smallRepoShape(repo, urls),
      commit_url: own,
      url: `${own}/status`,
    }),
  );
}

const STATES: Readonly<Record<string, StatusState>> = {
  error: 'error',
  failure: 'failure',
  pending: 'pending',
  success: 'success',
};

async function addStatus(call: RepoCall): Promise<Answer> {
  const { repo, body, params, urls } = call;
  const state = STATES[text(body, 'state') ?? ''];
  if (state === undefined) return invalid({ resource: 'Status', field: 'state', code: 'custom' });
  const description = text(body, 'description');
  const targetUrl = text(body, 'target_url');
  const status = repo.addStatus(params['sha'] ?? '', {
    context: text(body, 'context') ?? 'default',
    state,
    ...(description === null ? {} : { description }),
    ...(targetUrl === null ? {} : { targetUrl }),
  });
  const creator = userShape(status.creator, urls);
  return json(201, { ...statusShape(status, repo, urls), creator });
}

const STATUSES: readonly CheckStatus[] = ['queued', 'in_progress', 'completed', 'waiting'];
const CONCLUSIONS: readonly Conclusion[] = [
  'success',
  'failure',
  'neutral',
  'cancelled',
  'skipped',
  'timed_out',
  'action_required',
  'stale',
];

async function addCheck(call: RepoCall): Promise<Answer> {
  const { repo, body, urls, token } = call;
  if (token?.kind !== 'installation') {
    return problem(403, 'You must authenticate via a GitHub App.');
  }
  const name = text(body, 'name');
  const sha = text(body, 'head_sha');
  if (name === null || sha === null) return problem(422, 'Invalid request.');
  const conclusion = CONCLUSIONS.find((word) => word === text(body, 'conclusion')) ?? null;
  const status = STATUSES.find((word) => word === text(body, 'status'));
  const run = repo.addCheckRun(sha, {
    name,
    app: token.user.login.replace('[bot]', ''),
    status: conclusion === null ? (status ?? 'queued') : 'completed',
    conclusion,
  });
  return json(201, checkShape(run, repo, urls));
}

function jobShape(run: CheckRun, repo: Repo, urls: Urls): Shape {
  const own = `${urls.api}/repos/${repo.fullName}`;
  const times = { started_at: iso(run.startedAt), completed_at: isoOrNull(run.completedAt) };
  const step = (name: string, number: number, conclusion: string | null): Shape => ({
    name,
    status: run.status === 'completed' ? 'completed' : 'in_progress',
    conclusion,
    number,
    ...times,
  });
  return {
    id: run.id,
    run_id: run.suite,
    workflow_name: 'CI',
    head_branch: repo.pulls.find((p) => p.headSha === run.sha)?.headRef ?? repo.defaultBranch,
    run_url: `${own}/actions/runs/${run.suite}`,
    run_attempt: 1,
    node_id: `CR_kwDO${run.id}`,
    head_sha: run.sha,
    url: `${own}/actions/jobs/${run.id}`,
    html_url: `${urls.web}/${repo.fullName}/actions/runs/${run.suite}/job/${run.id}`,
    status: run.status,
    conclusion: run.conclusion,
    created_at: iso(run.startedAt),
    ...times,
    name: run.name,
    steps: [step('Set up job', 1, 'success'), step(run.step, 2, run.conclusion)],
    check_run_url: `${own}/check-runs/${run.id}`,
    labels: ['ubuntu-latest'],
    runner_id: 1,
    runner_name: 'devforge 1',
    runner_group_id: 1,
    runner_group_name: 'default',
  };
}
