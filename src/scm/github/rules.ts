/**
 * What a branch requires: rulesets and classic protection together, as far as a reader may see
 * them. Without them nobody can tell what is still missing.
 *
 * R1 Read when somebody needs them, kept for a while, and asked again with their tags.
 * R2 Half an answer is none: null, never a shorter list.
 */
import { limits } from '../../core/limits.ts';
import { after, type Instant } from '../../core/time.ts';
import { z } from 'zod';
import { repoPath, type Call, type GitHubApi } from './api.ts';

export interface BranchRules {
  readonly requiredChecks: readonly string[];
  readonly approvals: number;
  readonly mergeQueue: boolean;
}

const BRANCHES_MAX = 500;

export class RuleBook {
  readonly #api: GitHubApi;
  readonly #read = new Map<
    string,
    { readonly rules: BranchRules | null; readonly until: Instant }
  >();

  constructor(api: GitHubApi) {
    this.#api = api;
  }

  /** R1 */
  async of(call: Call, branch: string): Promise<BranchRules | null> {
    const key = JSON.stringify([call.lease.fingerprint, call.project.apiBase, call.project.path]);
    const name = `${key} ${branch}`;
    const known = this.#read.get(name);
    if (known !== undefined && known.until > this.#api.now) return known.rules;
    const rules = await readRules(this.#api, call, branch);
    if (this.#read.size >= BRANCHES_MAX) this.#read.clear();
    const keep = rules === null ? limits.pollHotMs : limits.forgeRulesMs;
    this.#read.set(name, { rules, until: after(this.#api.now, keep) });
    return rules;
  }
}

const ruleset = z.array(
  z.object({
    type: z.string(),
    parameters: z
      .object({
        required_status_checks: z.array(z.object({ context: z.string() })).optional(),
        required_approving_review_count: z.number().optional(),
      })
      .loose()
      .nullish(),
  }),
);

const branchBody = z.object({
  protected: z.boolean().optional(),
  protection: z
    .object({
      required_status_checks: z.object({ contexts: z.array(z.string()).optional() }).nullish(),
    })
    .nullish(),
});

/** R2. A server that is older than rulesets has only the classic kind. */
async function readRules(api: GitHubApi, call: Call, branch: string): Promise<BranchRules | null> {
  const at = encodeURIComponent(branch);
  const repo = repoPath(call.project);
  const classic = await api.get(call, `${repo}/branches/${at}`);
  if (!classic.ok) return null;
  const own = branchBody.safeParse(classic.value.json);
  const sets = await api.get(call, `${repo}/rules/branches/${at}?per_page=100`);
  const isOld = !sets.ok && sets.error.kind === 'http_error' && sets.error.status === 404;
  if (!sets.ok && !isOld) return null;
  const rules = ruleset.safeParse(sets.ok ? sets.value.json : []);
  if (!own.success || !rules.success || (sets.ok && sets.value.more)) return null;
  const contexts = [
    ...(own.data.protection?.required_status_checks?.contexts ?? []),
    ...rules.data
      .flatMap(({ parameters }) => parameters?.required_status_checks ?? [])
      .map(({ context }) => context),
  ];
  const counts = rules.data.map(
    ({ parameters }) => parameters?.required_approving_review_count ?? 0,
  );
  return {
    requiredChecks: [...new Set(contexts)],
    approvals: Math.max(0, ...counts),
    mergeQueue: rules.data.some(({ type }) => type === 'merge_queue'),
  };
}
