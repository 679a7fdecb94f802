/**
 * Gitea's routes of users, repositories, branches, statuses and comparisons.
 *
 * R1 A branch that exists already is refused with 409 and left where it points.
 */
import { json, pageOf, plain, route, slice, type Answer, type Route } from '../exchange.ts';
import { text } from '../json.ts';
import type { StatusState } from '../model.ts';
import {
  onTeaRepo,
  teaPage,
  teaPerson,
  teaRefusal,
  told,
  type TeaHandler,
  type TeaRepoCall,
} from './call.ts';
import {
  combinedState,
  teaBranch,
  teaCommit,
  teaJob,
  teaProtection,
  teaRepo,
  teaStatuses,
  teaUser,
} from './shapes.ts';

const AT = '/repos/:owner/:repo';

export const TEA_REPO_ROUTES: readonly Route<TeaHandler>[] = [
  route('GET /version', async () => json(200, { version: '1.24.0' })),
  route('GET /user', async ({ token, web }) =>
    token === null ? told(401, 'token is required') : json(200, teaUser(token.user, web)),
  ),
  route(
    `GET ${AT}`,
    onTeaRepo('read', async ({ repo, access, web, api }) =>
      json(200, teaRepo(repo, access, web, api)),
    ),
  ),
  route(
    `GET ${AT}/branches`,
    onTeaRepo(
      'read',
      async (call) =>
        await teaPage(
          call,
          [...call.repo.refs],
          async ([name, sha]) => await teaBranch(name, sha, call),
        ),
    ),
  ),
  route(`POST ${AT}/branches`, onTeaRepo('write', createBranch)),
  route(
    `GET ${AT}/branches/*branch`,
    onTeaRepo('read', async (call) => {
      const name = call.params['branch'] ?? '';
      const sha = call.repo.refs.get(name);
      if (sha === undefined) return told(404, "The target couldn't be found.");
      return json(200, await teaBranch(name, sha, call));
    }),
  ),
  route(
    `DELETE ${AT}/branches/*branch`,
    onTeaRepo('write', async (call) => {
      const name = call.params['branch'] ?? '';
      if (!call.repo.refs.has(name)) return told(404, "The target couldn't be found.");
      if (call.repo.protections.has(name)) return told(403, 'branch protected');
      await call.repo.deleteBranch(name, teaPerson(call));
      return json(204, undefined);
    }),
  ),
  route(
    `GET ${AT}/branch_protections`,
    onTeaRepo(
      'write',
      async (call) =>
        await teaPage(call, [...call.repo.protections.keys()], (name) =>
          teaProtection(name, call.repo),
        ),
    ),
  ),
  route(
    `GET ${AT}/branch_protections/*branch`,
    onTeaRepo('write', async ({ repo, params }) => {
      const found = teaProtection(params['branch'] ?? '', repo);
      return found === null ? told(404, "The target couldn't be found.") : json(200, found);
    }),
  ),
  route(
    `GET ${AT}/commits/:ref/status`,
    onTeaRepo('read', async ({ repo, params, web, access, api }) => {
      const sha = repo.refs.get(params['ref'] ?? '') ?? params['ref'] ?? '';
      const statuses = teaStatuses(repo, sha, web);
      return json(200, {
        state: combinedState(statuses),
        sha,
        total_count: statuses.length,
        statuses: statuses.length === 0 ? null : statuses,
        repository: teaRepo(repo, access, web, api),
        commit_url: '',
        url: '',
      });
    }),
  ),
  route(
    `GET ${AT}/commits/:ref/statuses`,
    onTeaRepo('read', async (call) => {
      const sha = call.repo.refs.get(call.params['ref'] ?? '') ?? call.params['ref'] ?? '';
      return await teaPage(call, teaStatuses(call.repo, sha, call.web), (one) => one);
    }),
  ),
  route(`POST ${AT}/statuses/:sha`, onTeaRepo('write', addStatus)),
  route(`GET ${AT}/compare/*basehead`, onTeaRepo('read', compare)),
  route(
    `GET ${AT}/raw/*path`,
    onTeaRepo('read', async ({ repo, params, incoming }) => {
      const ref = incoming.query.get('ref') ?? repo.defaultBranch;
      const content = await repo.git.file(ref, params['path'] ?? '');
      return content === null ? told(404, "The target couldn't be found.") : plain(200, content);
    }),
  ),
  route(
    `GET ${AT}/actions/runs`,
    onTeaRepo('read', async ({ repo, incoming }) => {
      const sha = incoming.query.get('head_sha') ?? '';
      const suites = [...new Set(repo.latestChecks(sha).map(({ suite }) => suite))];
      const runs = suites.map((id) => ({ id, head_sha: sha, event: 'pull_request' }));
      return json(200, { total_count: runs.length, workflow_runs: runs });
    }),
  ),
  route(
    `GET ${AT}/actions/runs/:run/jobs`,
    onTeaRepo('read', async ({ repo, params, incoming, web }) => {
      const all = [...repo.checks.values()].flat();
      const runs = all.filter(({ suite }) => String(suite) === params['run']);
      const page = slice(runs, pageOf(incoming.query, 30, 'limit'));
      const jobs = page.map((run) => teaJob(run, repo, web));
      return json(200, { total_count: runs.length, jobs });
    }),
  ),
  route(
    `GET ${AT}/actions/jobs/:job/logs`,
    onTeaRepo('read', async ({ repo, params }) => {
      const run = [...repo.checks.values()].flat().find(({ id }) => String(id) === params['job']);
      return run === undefined ? told(404, "The target couldn't be found.") : plain(200, run.log);
    }),
  ),
];

async function createBranch(call: TeaRepoCall): Promise<Answer> {
  const { repo, body } = call;
  const name = text(body, 'new_branch_name');
  const from = text(body, 'old_ref_name') ?? text(body, 'old_branch_name') ?? repo.defaultBranch;
  if (name === null) return told(422, '[BranchName]: Required');
  const sha = repo.refs.get(from) ?? (await repo.git.resolve(from));
  if (sha === null) return told(404, 'The old branch does not exist');
  try {
    await repo.createBranch(name, sha, teaPerson(call));
  } catch (error) {
    return teaRefusal(error, { exists: () => told(409, 'The branch already exists.') });
  }
  return json(201, await teaBranch(name, sha, call));
}

async function addStatus(call: TeaRepoCall): Promise<Answer> {
  const { repo, body, params, web } = call;
  const states: readonly StatusState[] = ['error', 'failure', 'pending', 'success'];
  const state = states.find((one) => one === text(body, 'state'));
  if (state === undefined) return told(422, '[State]: Required');
  const sha = params['sha'] ?? '';
  const added = repo.addStatus(sha, { context: text(body, 'context') ?? 'default', state });
  return json(
    201,
    teaStatuses(repo, sha, web).find((shape) => shape['id'] === added.id),
  );
}

async function compare({ repo, params, web }: TeaRepoCall): Promise<Answer> {
  const [from = '', to = ''] = (params['basehead'] ?? '').split('...');
  const [base, head] = [await repo.git.resolve(from), await repo.git.resolve(to)];
  if (base === null || head === null) return told(404, "The target couldn't be found.");
  const commits = await repo.git.between(base, head);
  return json(200, {
    total_commits: commits.length,
    commits: commits.map((commit) => teaCommit(commit, repo, web)),
  });
}
