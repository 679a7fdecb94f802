/**
 * GitLab's routes of users, tokens, projects, branches, comparisons, pipelines and jobs.
 *
 * P1 What names itself (`/user`, `/personal_access_tokens/self`) needs a token, and says its
 *    scopes and its end.
 */
import { json, plain, route, type Answer, type Route } from '../exchange.ts';
import { text } from '../json.ts';
import type { CheckRun } from '../model.ts';
import type { Repo } from '../repo.ts';
import {
  labPage,
  labRefusal,
  onProject,
  personOf,
  said,
  type LabHandler,
  type ProjectCall,
} from './call.ts';
import {
  jobShape,
  jobStatus,
  labCommit,
  labTime,
  labUser,
  pipelineShape,
  projectShape,
} from './shapes.ts';

const AT = '/projects/:id';
type Shape = Readonly<Record<string, unknown>>;

export const PROJECT_ROUTES: readonly Route<LabHandler>[] = [
  route('GET /version', async ({ token }) =>
    token === null
      ? said(401, '401 Unauthorized')
      : json(200, { version: '18.5.0', revision: 'devforge', enterprise: true }),
  ),
  route('GET /user', async ({ token, web }) =>
    token === null ? said(401, '401 Unauthorized') : json(200, labUser(token.user, web)),
  ),
  route('GET /personal_access_tokens/self', async ({ token }) => {
    if (token === null) return said(401, '401 Unauthorized'); // P1
    return json(200, {
      id: 1,
      name: token.name,
      revoked: false,
      active: true,
      scopes: token.scopes,
      user_id: token.user.id,
      created_at: labTime(token.createdAt),
      expires_at: labTime(token.expiresAt)?.slice(0, 10) ?? null,
    });
  }),
  route(
    `GET ${AT}`,
    onProject('read', async (call) => json(200, projectShape(call))),
  ),
  route(
    `GET ${AT}/repository/branches`,
    onProject(
      'read',
      async (call) =>
        await labPage(
          call,
          [...call.repo.refs],
          async ([name, sha]) => await branchShape(call, name, sha),
        ),
    ),
  ),
  route(`POST ${AT}/repository/branches`, onProject('write', createBranch)),
  route(
    `GET ${AT}/repository/branches/*branch`,
    onProject('read', async (call) => {
      const name = call.params['branch'] ?? '';
      const sha = call.repo.refs.get(name);
      if (sha === undefined) return said(404, '404 Branch Not Found');
      return json(200, await branchShape(call, name, sha));
    }),
  ),
  route(
    `DELETE ${AT}/repository/branches/*branch`,
    onProject('write', async (call) => {
      const name = call.params['branch'] ?? '';
      if (!call.repo.refs.has(name)) return said(404, '404 Branch Not Found');
      if (call.repo.protections.has(name)) return said(403, 'Cannot remove protected branch');
      await call.repo.deleteBranch(name, personOf(call));
      return json(204, undefined);
    }),
  ),
  route(
    `GET ${AT}/protected_branches`,
    onProject(
      'write',
      async (call) =>
        await labPage(call, [...call.repo.protections.keys()], (name) =>
          protectedShape(name, call.repo),
        ),
    ),
  ),
  route(
    `GET ${AT}/protected_branches/*branch`,
    onProject('write', async (call) => {
      const name = call.params['branch'] ?? '';
      const found = call.repo.protections.has(name);
      return found ? json(200, protectedShape(name, call.repo)) : said(404, '404 Not found');
    }),
  ),
  route(`GET ${AT}/repository/compare`, onProject('read', compare)),
  route(
    `GET ${AT}/repository/commits/:sha/statuses`,
    onProject('read', async (call) => {
      const { repo, params, web } = call;
      const sha = params['sha'] ?? '';
      const all = [
        ...repo.latestChecks(sha).map((run) => ({ ...jobShape(run, repo, web), sha })),
        ...repo.latestStatuses(sha).map((one) => ({
          id: one.id,
          sha,
          name: one.context,
          status: one.state === 'success' || one.state === 'pending' ? one.state : 'failed',
          target_url: one.targetUrl,
          description: one.description,
          allow_failure: false,
        })),
      ];
      return await labPage(call, all, (one) => one);
    }),
  ),
  route(
    `GET ${AT}/repository/commits/:sha`,
    onProject('read', async (call) => {
      const sha = await call.repo.git.resolve(call.params['sha'] ?? '');
      if (sha === null) return said(404, '404 Commit Not Found');
      return json(200, labCommit(await call.repo.git.commit(sha), call.repo, call.web));
    }),
  ),
  route(
    `GET ${AT}/repository/files/:path/raw`,
    onProject('read', async ({ repo, params, incoming }) => {
      const ref = incoming.query.get('ref') ?? repo.defaultBranch;
      const content = await repo.git.file(ref, params['path'] ?? '');
      return content === null ? said(404, '404 File Not Found') : plain(200, content);
    }),
  ),
  route(
    `GET ${AT}/pipelines/:pipeline`,
    onProject('read', async ({ repo, params, web }) => {
      const sha = shaOfPipeline(repo, params['pipeline'] ?? '');
      return sha === null ? said(404, '404 Not found') : json(200, pipelineShape(repo, sha, web));
    }),
  ),
  route(
    `GET ${AT}/pipelines/:pipeline/jobs`,
    onProject('read', async (call) => {
      const { repo, params, web, incoming } = call;
      const sha = shaOfPipeline(repo, params['pipeline'] ?? '');
      if (sha === null) return said(404, '404 Not found');
      const scopes = [...incoming.query.getAll('scope[]'), ...incoming.query.getAll('scope')];
      const runs = repo.latestChecks(sha);
      const found = runs.filter((run) => scopes.length === 0 || scopes.includes(jobStatus(run)));
      return await labPage(call, found, (run) => jobShape(run, repo, web));
    }),
  ),
  route(
    `GET ${AT}/jobs/:job`,
    onProject('read', async ({ repo, params, web }) => {
      const run = jobOf(repo, params['job'] ?? '');
      return run === null ? said(404, '404 Not found') : json(200, jobShape(run, repo, web));
    }),
  ),
  route(
    `GET ${AT}/jobs/:job/trace`,
    onProject('read', async ({ repo, params }) => {
      const run = jobOf(repo, params['job'] ?? '');
      return run === null ? said(404, '404 Not found') : plain(200, run.log);
    }),
  ),
];

function jobOf(repo: Repo, id: string): CheckRun | null {
  return [...repo.checks.values()].flat().find((run) => String(run.id) === id) ?? null;
}

function shaOfPipeline(repo: Repo, id: string): string | null {
  const shas = [...repo.checks.keys(), ...repo.statuses.keys()];
  return shas.find((sha) => String(pipelineShape(repo, sha, '')?.['id']) === id) ?? null;
}

async function branchShape(call: ProjectCall, name: string, sha: string): Promise<Shape> {
  const { repo, web, access } = call;
  const guarded = repo.protections.has(name);
  return {
    name,
    commit: labCommit(await repo.git.commit(sha), repo, web),
    merged: false,
    protected: guarded,
    developers_can_push: !guarded,
    developers_can_merge: true,
    can_push: !guarded && (access === 'write' || access === 'admin'),
    default: name === repo.defaultBranch,
    web_url: `${web}/${repo.fullName}/-/tree/${name}`,
  };
}

function protectedShape(name: string, repo: Repo): Shape {
  const level = (access_level: number): readonly Shape[] => [{ id: 1, access_level }];
  return {
    id: repo.id,
    name,
    push_access_levels: level(0),
    merge_access_levels: level(30),
    allow_force_push: false,
    code_owner_approval_required: false,
  };
}

async function createBranch(call: ProjectCall): Promise<Answer> {
  const { repo, body, incoming } = call;
  const name = text(body, 'branch') ?? incoming.query.get('branch');
  const ref = text(body, 'ref') ?? incoming.query.get('ref');
  if (name === null || ref === null) return json(400, { error: 'branch, ref are missing' });
  const sha = repo.refs.get(ref) ?? (await repo.git.resolve(ref));
  if (sha === null) return said(400, 'Invalid reference name');
  try {
    await repo.createBranch(name, sha, personOf(call));
  } catch (error) {
    return labRefusal(error, { exists: () => said(400, 'Branch already exists') });
  }
  return json(201, await branchShape(call, name, sha));
}

async function compare(call: ProjectCall): Promise<Answer> {
  const { repo, incoming, web } = call;
  const [from, to] = [incoming.query.get('from'), incoming.query.get('to')];
  if (from === null || to === null) return json(400, { error: 'from is missing, to is missing' });
  const [base, head] = [await repo.git.resolve(from), await repo.git.resolve(to)];
  if (base === null || head === null) return said(404, '404 Ref Not Found');
  const commits = [...(await repo.git.between(base, head))].reverse();
  const files = await repo.git.changed(base, head);
  return json(200, {
    commit: commits.length === 0 ? null : labCommit(commits.at(-1) ?? fail(), repo, web),
    commits: commits.map((commit) => labCommit(commit, repo, web)),
    diffs: files.map((file) => ({
      old_path: file.path,
      new_path: file.path,
      new_file: file.status === 'added',
      deleted_file: file.status === 'removed',
      renamed_file: false,
      diff: '',
    })),
    compare_timeout: false,
    compare_same_ref: base === head,
    web_url: `${web}/${repo.fullName}/-/compare/${from}...${to}`,
  });
}

function fail(): never {
  throw new Error('a list that is not empty has a last item');
}
