/**
 * What a branch requires, as far as this credential may see it, and where its tip is.
 *
 * R1 The branch itself is read with every batch: its tip moves. Whether an outdated head blocks is
 *    shown to administrators only; where it is not shown, a refused merge tells.
 */
import { z } from 'zod';
import type { Commit } from '../../core/ids.ts';
import { limits } from '../../core/limits.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import { ok, type Result } from '../../core/result.ts';
import { after, type Instant } from '../../core/time.ts';
import { isOfTheHost } from '../absent.ts';
import type { RestApi, RestCall } from '../rest-api.ts';
import { maybe } from '../wire.ts';
import { branchPath, branchShape, repoPath, type TeaBranch } from './shapes.ts';

export interface BranchRules {
  readonly tip: Commit;
  /** Names and patterns; `*`: whatever there is. */
  readonly requiredChecks: readonly string[];
  readonly approvals: number;
  readonly mustBeUpToDate: boolean;
}

const BRANCHES_MAX = 500;

const protectionShape = z.object({ block_on_outdated_branch: maybe(z.boolean()) });

export class RuleBook {
  readonly #api: RestApi;
  readonly #outdated = new Map<string, { readonly blocks: boolean; readonly until: Instant }>();

  constructor(api: RestApi) {
    this.#api = api;
  }

  /** null: not readable. */
  async of(call: RestCall, name: string): Promise<Result<BranchRules | null, PRStatusError>> {
    const read = await this.#api.read(call, branchPath(call.project, name), branchShape);
    if (!read.ok) return isOfTheHost(read.error) ? read : ok(null);
    const branch = read.value;
    return ok({
      tip: branch.commit.id,
      requiredChecks: requiredIn(branch),
      approvals: branch.required_approvals ?? 0,
      mustBeUpToDate: branch.protected === true && (await this.#outdatedBlocks(call, name, branch)),
    });
  }

  /** R1 */
  async #outdatedBlocks(call: RestCall, name: string, branch: TeaBranch): Promise<boolean> {
    const effective = branch.effective_branch_protection_name ?? '';
    const rule = encodeURIComponent(effective === '' ? name : effective);
    const path = `${repoPath(call.project)}/branch_protections/${rule}`;
    const key = `${call.lease.fingerprint} ${call.project.apiBase}${path}`;
    const known = this.#outdated.get(key);
    if (known !== undefined && known.until > this.#api.now) return known.blocks;
    const read = await this.#api.read(call, path, protectionShape);
    const blocks = read.ok && read.value.block_on_outdated_branch === true;
    if (this.#outdated.size >= BRANCHES_MAX) this.#outdated.clear();
    this.#outdated.set(key, { blocks, until: after(this.#api.now, limits.forgeRulesMs) });
    return blocks;
  }
}

/** Statuses that are required without a name are all there are, and at least one. */
function requiredIn(branch: TeaBranch): readonly string[] {
  if (branch.enable_status_check !== true) return [];
  const names = branch.status_check_contexts ?? [];
  return names.length === 0 ? ['*'] : names;
}
