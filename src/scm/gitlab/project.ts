/**
 * A project's settings: how it merges and what it asks of a merge request before.
 *
 * P1 Kept for a while, per credential. What could not be read is asked again soon.
 */
import { z } from 'zod';
import { limits } from '../../core/limits.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { err, type Result } from '../../core/result.ts';
import { after, type Instant } from '../../core/time.ts';
import type { Probe } from '../../ports/forge.ts';
import { hiddenToo } from '../absent.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { maybe } from '../wire.ts';
import type { PipelineRule } from './checks.ts';
import { projectPath } from './shapes.ts';

const access = maybe(z.object({ access_level: z.number() }));

const projectShape = z.object({
  id: z.number(),
  path_with_namespace: z.string(),
  default_branch: maybe(z.string()),
  archived: maybe(z.boolean()),
  merge_method: maybe(z.string()),
  squash_option: maybe(z.string()),
  only_allow_merge_if_pipeline_succeeds: maybe(z.boolean()),
  allow_merge_on_skipped_pipeline: maybe(z.boolean()),
  merge_trains_enabled: maybe(z.boolean()),
  permissions: maybe(z.object({ project_access: access, group_access: access })),
});
export type LabProject = z.infer<typeof projectShape>;

const PROJECTS_MAX = 500;

interface Known {
  readonly project: Result<LabProject, PRStatusError>;
  readonly until: Instant;
}

export class ProjectBook {
  readonly #api: RestApi;
  readonly #known = new Map<string, Known>();

  constructor(api: RestApi) {
    this.#api = api;
  }

  /** P1 */
  async of(call: RestCall): Promise<Result<LabProject, PRStatusError>> {
    const { lease, project } = call;
    const key = JSON.stringify([lease.fingerprint, project.apiBase, project.path]);
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#api.now) return known.project;
    const read = await readProject(this.#api, call);
    if (this.#known.size >= PROJECTS_MAX) this.#known.clear();
    const keep = read.ok ? limits.forgeRulesMs : limits.pollHotMs;
    this.#known.set(key, { project: read, until: after(this.#api.now, keep) });
    return read;
  }
}

export async function readProject(
  api: RestApi,
  call: RestCall,
): Promise<Result<LabProject, PRStatusError>> {
  const read = await api.read(call, projectPath(call.project), projectShape);
  return read.ok ? read : err(hiddenToo(read.error));
}

/** null: an older or stricter server does not tell. */
export function pipelineRuleOf(project: LabProject | null): PipelineRule | null {
  if (project === null || project.only_allow_merge_if_pipeline_succeeds === null) return null;
  const { only_allow_merge_if_pipeline_succeeds: mustSucceed } = project;
  return { mustSucceed, maySkip: project.allow_merge_on_skipped_pipeline === true };
}

/** Only what lies on top of the target is merged there. */
export function mustDescend(project: LabProject | null): boolean {
  return project?.merge_method === 'ff' || project?.merge_method === 'rebase_merge';
}

/** The project merges in one way; squashing is a choice beside it. */
export function methodsOf(project: LabProject): Probe['mergeMethods'] {
  const plain = project.merge_method === 'ff' ? 'rebase' : 'merge';
  if (project.squash_option === 'never') return [plain];
  return project.squash_option === 'always' ? ['squash'] : [plain, 'squash'];
}
