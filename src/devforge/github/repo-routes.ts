/**
 * GitHub's REST routes of users, repositories, branches, refs and comparisons.
 *
 * R1 A ref that exists already is refused with 422 and left where it points.
 */
import { json, route, type Answer, type Route } from '../exchange.ts';
import { flag, text } from '../json.ts';
import type { Protection } from '../model.ts';
import {
  notFound,
  onRepo,
  paged,
  problem,
  refusedAs,
  type Handler,
  type RepoCall,
  type Urls,
} from './call.ts';
import { commitShape, fileShape, ownUserShape, refShape, repoShape } from './shapes.ts';
import type { Repo } from '../repo.ts';

const AT = '/repos/:owner/:repo';
type Shape = Readonly<Record<string, unknown>>;

export const REPO_ROUTES: readonly Route<Handler>[] = [
  route('GET /user', async ({ token, urls }) => {
    if (token === null) return problem(401, 'Requires authentication');
    if (token.kind === 'installation') {
      return problem(403, 'Resource not accessible by integration');
    }
    return json(200, ownUserShape(token.user, urls));
  }),
  route(`GET ${AT}`, onRepo('metadata=read', readRepo)),
  route('GET /repositories/:id', onRepo('metadata=read', readRepo)),
  route(
    `GET ${AT}/branches`,
    onRepo('contents=read', async (call) => {
      const { repo, urls } = call;
      return await paged(call, [...repo.refs], ([name, sha]) => ({
        name,
        commit: { sha, url: `${urls.api}/repos/${repo.fullName}/commits/${sha}` },
        protected: repo.protections.has(name),
      }));
    }),
  ),
  route(`GET ${AT}/branches/*branch/protection`, onRepo('administration=read', readProtection)),
  route(`GET ${AT}/branches/*branch`, onRepo('contents=read', readBranch)),
  route(
    `GET ${AT}/rules/branches/*branch`,
    onRepo('metadata=read', async (call) => {
      const rules = call.repo.protections.get(call.params['branch'] ?? '');
      return json(200, rules === undefined ? [] : rulesOf(rules, call.repo));
    }),
  ),
  route(
    `GET ${AT}/git/ref/*ref`,
    onRepo('contents=read', async ({ repo, params, urls }) => {
      const name = branchOf(params['ref'] ?? '');
      const sha = name === null ? undefined : repo.refs.get(name);
      if (name === null || sha === undefined) return notFound();
      return json(200, refShape(name, sha, repo, urls));
    }),
  ),
  route(
    `GET ${AT}/git/matching-refs/*ref`,
    onRepo('contents=read', async (call) => {
      const start = branchOf(call.params['ref'] ?? '') ?? '';
      const found = [...call.repo.refs].filter(([name]) => name.startsWith(start));
      return await paged(call, found, ([name, sha]) => refShape(name, sha, call.repo, call.urls));
    }),
  ),
  route(`POST ${AT}/git/refs`, onRepo('contents=write', createRef)),
  route(`PATCH ${AT}/git/refs/*ref`, onRepo('contents=write', moveRef)),
  route(
    `DELETE ${AT}/git/refs/*ref`,
    onRepo('contents=write', async (call) => {
      const name = branchOf(call.params['ref'] ?? '');
      if (name === null || !call.repo.refs.has(name))
        return problem(422, 'Reference does not exist');
      if (call.repo.protections.has(name)) {
        return problem(422, 'Cannot delete this protected branch');
      }
      await call.repo.deleteBranch(name, call.token?.user ?? call.repo.owner);
      return json(204, undefined);
    }),
  ),
  route(`GET ${AT}/compare/*basehead`, onRepo('contents=read', compare)),
  route(
    `GET ${AT}/commits/:ref`,
    onRepo('contents=read', async (call) => {
      const { repo, params, urls, world } = call;
      const sha = await repo.git.resolve(params['ref'] ?? '');
      if (sha === null) return problem(422, `No commit found for SHA: ${params['ref'] ?? ''}`);
      const commit = await repo.git.commit(sha);
      const parent = commit.parents[0];
      const files = parent === undefined ? [] : await repo.git.changed(parent, sha);
      const shapes = files.map((file) => fileShape(file, sha, repo, urls));
      return json(200, { ...commitShape(commit, repo, urls, world), files: shapes });
    }),
  ),
  route(`GET ${AT}/contents/*path`, onRepo('contents=read', readFile)),
];

async function readRepo({ repo, urls, access, token }: RepoCall): Promise<Answer> {
  const limited = token?.permissions?.['contents'] === 'read' ? 'read' : access;
  return json(200, repoShape(repo, urls, limited));
}

function branchOf(ref: string): string | null {
  const name = ref.replace(/^refs\//, '');
  return name.startsWith('heads/') ? name.slice('heads/'.length) : null;
}

async function readBranch(call: RepoCall): Promise<Answer> {
  const { repo, params, urls, world } = call;
  const name = params['branch'] ?? '';
  const sha = repo.refs.get(name);
  if (sha === undefined) return problem(404, 'Branch not found');
  const rules = repo.protections.get(name);
  const self = `${urls.api}/repos/${repo.fullName}/branches/${name}`;
  return json(200, {
    name,
    commit: commitShape(await repo.git.commit(sha), repo, urls, world),
    _links: { self, html: `${urls.web}/${repo.fullName}/tree/${name}` },
    protected: rules !== undefined,
    protection: {
      enabled: rules !== undefined,
      required_status_checks: {
        enforcement_level: rules === undefined ? 'off' : 'everyone',
        contexts: rules?.requiredChecks ?? [],
        checks: (rules?.requiredChecks ?? []).map((context) => ({ context, app_id: null })),
      },
    },
    protection_url: `${self}/protection`,
  });
}

async function readProtection({ repo, params, urls, access }: RepoCall): Promise<Answer> {
  const name = params['branch'] ?? '';
  if (access !== 'admin') return notFound();
  const rules = repo.protections.get(name);
  if (rules === undefined) return problem(404, 'Branch not protected');
  return json(200, protectionShape(rules, repo, name, urls));
}

function protectionShape(rules: Protection, repo: Repo, branch: string, urls: Urls): Shape {
  const url = `${urls.api}/repos/${repo.fullName}/branches/${branch}/protection`;
  const checks = {
    url: `${url}/required_status_checks`,
    strict: rules.requireUpToDate,
    contexts: rules.requiredChecks,
    contexts_url: `${url}/required_status_checks/contexts`,
    checks: rules.requiredChecks.map((context) => ({ context, app_id: null })),
  };
  const reviews = {
    url: `${url}/required_pull_request_reviews`,
    dismiss_stale_reviews: rules.dismissStale,
    require_code_owner_reviews: false,
    require_last_push_approval: false,
    required_approving_review_count: rules.requiredApprovals,
  };
  return {
    url,
    ...(rules.requiredChecks.length > 0 ? { required_status_checks: checks } : {}),
    ...(rules.requiredApprovals > 0 ? { required_pull_request_reviews: reviews } : {}),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: true },
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: false },
    allow_deletions: { enabled: false },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: rules.requireResolvedThreads },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  };
}

function rulesOf(rules: Protection, repo: Repo): readonly Shape[] {
  const source = {
    ruleset_source_type: 'Repository',
    ruleset_source: repo.fullName,
    ruleset_id: repo.id,
  };
  const found: Shape[] = [
    {
      type: 'pull_request',
      parameters: {
        required_approving_review_count: rules.requiredApprovals,
        dismiss_stale_reviews_on_push: rules.dismissStale,
        require_code_owner_review: false,
        require_last_push_approval: false,
        required_review_thread_resolution: rules.requireResolvedThreads,
        allowed_merge_methods: repo.mergeMethods,
      },
      ...source,
    },
  ];
  if (rules.requiredChecks.length > 0) {
    found.push({
      type: 'required_status_checks',
      parameters: {
        strict_required_status_checks_policy: rules.requireUpToDate,
        required_status_checks: rules.requiredChecks.map((context) => ({ context })),
      },
      ...source,
    });
  }
  if (rules.mergeQueue) {
    found.push({
      type: 'merge_queue',
      parameters: {
        check_response_timeout_minutes: 60,
        grouping_strategy: 'ALLGREEN',
        max_entries_to_build: 5,
        max_entries_to_merge: 5,
        merge_method: (repo.mergeMethods[0] ?? 'merge').toUpperCase(),
        min_entries_to_merge: 1,
        min_entries_to_merge_wait_minutes: 5,
      },
      ...source,
    });
  }
  return found;
}

async function createRef(call: RepoCall): Promise<Answer> {
  const { repo, body, urls, token } = call;
  const name = branchOf(text(body, 'ref') ?? '');
  const sha = text(body, 'sha') ?? '';
  if (name === null) return problem(422, "Reference name must start with 'refs/'.");
  if (!/^[0-9a-f]{40}$/.test(sha) || (await repo.git.resolve(sha)) === null) {
    return problem(422, 'Object does not exist');
  }
  try {
    await repo.createBranch(name, sha, token?.user ?? repo.owner); // R1
  } catch (error) {
    return refusedAs(error, {});
  }
  const shape = refShape(name, sha, repo, urls);
  return json(201, shape, { location: String(shape['url']) });
}

async function moveRef(call: RepoCall): Promise<Answer> {
  const { repo, body, params, urls, token } = call;
  const name = branchOf(params['ref'] ?? '');
  const from = name === null ? undefined : repo.refs.get(name);
  const to = text(body, 'sha') ?? '';
  if (name === null || from === undefined) return problem(422, 'Reference does not exist');
  if ((await repo.git.resolve(to)) === null) return problem(422, 'Object does not exist');
  const forced = flag(body, 'force') === true;
  if (!forced && !(await repo.git.contains(from, to))) {
    return problem(422, 'Update is not a fast forward');
  }
  if (repo.protections.has(name)) {
    return problem(422, `Changes must be made through a pull request.`);
  }
  await repo.git.moveBranch(name, to, from);
  await repo.sync(token?.user ?? repo.owner);
  return json(200, refShape(name, to, repo, urls));
}

async function compare(call: RepoCall): Promise<Answer> {
  const { repo, params, urls, world } = call;
  const [from = '', to = ''] = (params['basehead'] ?? '').split('...');
  const base = await repo.git.resolve(withoutOwner(from));
  const head = await repo.git.resolve(withoutOwner(to));
  if (base === null || head === null) return notFound();
  const [mergeBase, { ahead, behind }] = [
    await repo.git.mergeBase(base, head),
    await repo.git.count(base, head),
  ];
  const commits = [...(await repo.git.between(base, head))].reverse();
  const files = await repo.git.changed(base, head);
  const web = `${urls.web}/${repo.fullName}/compare/${from}...${to}`;
  const shape = async (sha: string): Promise<Shape> =>
    commitShape(await repo.git.commit(sha), repo, urls, world);
  const status =
    ahead === 0 ? (behind === 0 ? 'identical' : 'behind') : behind === 0 ? 'ahead' : 'diverged';
  return json(200, {
    url: `${urls.api}/repos/${repo.fullName}/compare/${from}...${to}`,
    html_url: web,
    permalink_url: `${urls.web}/${repo.fullName}/compare/${base}...${head}`,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
    base_commit: await shape(base),
    merge_base_commit: await shape(mergeBase ?? base),
    status,
    ahead_by: ahead,
    behind_by: behind,
    total_commits: commits.length,
    commits: commits.slice(0, 250).map((commit) => commitShape(commit, repo, urls, world)),
    files: files.slice(0, 300).map((file) => fileShape(file, head, repo, urls)),
  });
}

function withoutOwner(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

async function readFile(call: RepoCall): Promise<Answer> {
  const { repo, params, urls, incoming } = call;
  const ref = incoming.query.get('ref') ?? repo.defaultBranch;
  const path = params['path'] ?? '';
  const sha = await repo.git.resolve(ref);
  const content = sha === null ? null : await repo.git.file(sha, path);
  if (sha === null || content === null) return notFound();
  const blob = (await repo.git.must(['rev-parse', `${sha}:${path}`])).trim();
  const self = `${urls.api}/repos/${repo.fullName}/contents/${path}?ref=${ref}`;
  const html = `${urls.web}/${repo.fullName}/blob/${ref}/${path}`;
  const git = `${urls.api}/repos/${repo.fullName}/git/blobs/${blob}`;
  return json(200, {
    type: 'file',
    encoding: 'base64',
    size: Buffer.byteLength(content),
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    content: Buffer.from(content).toString('base64'),
    sha: blob,
    url: self,
    git_url: git,
    html_url: html,
    download_url: `${urls.web}/${repo.fullName}/raw/${ref}/${path}`,
    _links: { git, self, html },
  });
}
