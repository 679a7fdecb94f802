/**
 * Proves what a credential may do with a project, before any work depends on it.
 *
 * P1 Nothing is changed: what may be written is told by the role and by the token's scopes.
 * P2 What could not be found out is null, never a yes.
 */
import { z } from 'zod';
import type { PRStatusError } from '../../core/pr-status.ts';
import { ok, type Result } from '../../core/result.ts';
import type { Probe } from '../../ports/forge.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { maybe } from '../wire.ts';
import { methodsOf, readProject, type LabProject } from './project.ts';
import { labUser, projectPath } from './shapes.ts';

const DEVELOPER = 30;
const MAINTAINER = 40;

const selfShape = z.object({ scopes: z.array(z.string()) });
const branchShape = z.object({
  protected: maybe(z.boolean()),
  developers_can_merge: maybe(z.boolean()),
});

export async function probeProject(
  api: RestApi,
  asked: RestCall,
): Promise<Result<Probe, PRStatusError>> {
  const read = await readProject(api, asked);
  if (!read.ok) return read;
  const project = read.value;
  const path = project.path_with_namespace;
  const call = { ...asked, project: { ...asked.project, path } };
  const user = await api.read(call, '/user', labUser);
  const self = await api.read(call, '/personal_access_tokens/self', selfShape);
  const scopes = self.ok ? self.value.scopes : null; // a token of an app has none of its own
  const level = levelOf(project);
  const archived = project.archived === true;
  const works = (needed: readonly string[]): boolean | null => {
    if (archived || (level !== null && level < DEVELOPER)) return false;
    if (scopes !== null && !needed.some((scope) => scopes.includes(scope))) return false;
    return level === null || scopes === null ? null : true;
  };
  const canOpen = works(['api']);
  const canReadChecks = await mayReadChecks(api, call, project);
  return ok({
    login: user.ok ? user.value.username : null,
    canRead: true,
    canPush: works(['api', 'write_repository']),
    canOpen,
    canReadChecks,
    canMerge: canOpen === true ? await mayMerge(api, call, project, level ?? 0) : canOpen,
    missing: missingOf(scopes, level),
    archived,
    defaultBranch: project.default_branch,
    mergeMethods: methodsOf(project),
    mergeQueue: project.merge_trains_enabled,
    movedTo: path.toLowerCase() === asked.project.path.toLowerCase() ? null : path,
  });
}

/** The higher of both roles; null: this server does not tell. */
function levelOf({ permissions }: LabProject): number | null {
  if (permissions === null) return null;
  const levels = [permissions.project_access, permissions.group_access];
  return Math.max(0, ...levels.map((access) => access?.access_level ?? 0));
}

function missingOf(scopes: readonly string[] | null, level: number | null): readonly string[] {
  const scope = scopes === null || scopes.includes('api') ? [] : ['api'];
  return level === null || level >= DEVELOPER ? scope : [...scope, 'role:developer'];
}

async function mayReadChecks(
  api: RestApi,
  call: RestCall,
  { default_branch: branch }: LabProject,
): Promise<boolean | null> {
  if (branch === null) return null;
  const commit = `${projectPath(call.project)}/repository/commits/${encodeURIComponent(branch)}`;
  const answer = await api.ask(call, 'GET', `${commit}/statuses?per_page=1`);
  if (answer.ok) return true;
  const { error } = answer;
  return error.kind === 'http_error' && error.reason === 'forbidden' ? false : null;
}

/** A protected branch may let maintainers only. P2 */
async function mayMerge(
  api: RestApi,
  call: RestCall,
  { default_branch: name }: LabProject,
  level: number,
): Promise<boolean | null> {
  if (level >= MAINTAINER || name === null) return true;
  const path = `${projectPath(call.project)}/repository/branches/${encodeURIComponent(name)}`;
  const branch = await api.read(call, path, branchShape);
  if (!branch.ok) return null;
  if (branch.value.protected !== true) return true;
  return branch.value.developers_can_merge;
}
