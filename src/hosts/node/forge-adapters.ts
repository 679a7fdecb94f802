/**
 * Which adapters of the `forge` port this build has, and the one that is asked for a project.
 */
import type { ForgeProvider, PullRequestRef } from '../../core/pull-request.ts';
import type { Clock, Timers } from '../../ports/host.ts';
import type { ForgeContext, ForgePort } from '../../ports/forge.ts';
import type { CredentialSources } from '../../scm/credentials.ts';
import { Forges } from '../../scm/forge.ts';
import type { ForgeDoor } from '../../scm/http.ts';
import type { RateBudgets } from '../../scm/rate-budget.ts';

/** Rigs on others are bare git remotes to us. */
export const spoken: readonly ForgeProvider[] = ['github', 'gitlab', 'gitea'];

export interface AdapterDeps {
  readonly door: ForgeDoor;
  readonly budgets: RateBudgets;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly sources: (context: ForgeContext) => Promise<CredentialSources>;
  readonly changed?: (ref: PullRequestRef) => void;
}

export function makeAdapter(deps: AdapterDeps): ForgePort {
  return new Forges(deps);
}
