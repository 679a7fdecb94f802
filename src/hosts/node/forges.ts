/**
 * The forges of this host from outside: the port the town calls, what the server asks, and the
 * credential git gets. The parts are loaded when the first of it is used, so that a town without a
 * forge starts as fast as before.
 *
 * L1 Loaded at most once; a load that fails is tried again.
 */
import type { Fact } from '../../core/fact.ts';
import type { Clock, Log, Random, Timers } from '../../ports/host.ts';
import type { ForgePort } from '../../ports/forge.ts';
import type { Sql } from '../../ports/sql.ts';
import type { CredentialFor, GitLogin } from '../../runtime/git-credential.ts';
import type { ForgeDesk } from '../../server/forge-desk.ts';
import type { ForgeParts } from './forge-parts.ts';

export interface ForgesGround {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Of the secrets: 32 bytes, from the home. */
  readonly key: Uint8Array<ArrayBuffer>;
  /** The person's environment, read at the door. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  readonly tell: (fact: Fact) => void;
}

export interface NodeForges {
  readonly port: ForgePort;
  readonly desk: () => Promise<ForgeDesk>;
  readonly credentialFor: (whose: CredentialFor) => Promise<GitLogin>;
}

export function lazyForges(ground: ForgesGround): NodeForges {
  let loading: Promise<ForgeParts> | null = null;
  const parts = (): Promise<ForgeParts> => {
    loading ??= import('./forge-parts.ts')
      .then(({ makeForgeParts }) => makeForgeParts(ground))
      .catch((error: unknown) => {
        loading = null; // L1
        throw error;
      });
    return loading;
  };
  return {
    port: {
      checkPRStatuses: async (...args) => (await parts()).port.checkPRStatuses(...args),
      probe: async (...args) => (await parts()).port.probe(...args),
      feedback: async (...args) => (await parts()).port.feedback(...args),
      open: async (...args) => (await parts()).port.open(...args),
      merge: async (...args) => (await parts()).port.merge(...args),
      dequeue: async (...args) => (await parts()).port.dequeue(...args),
      write: async (...args) => (await parts()).port.write(...args),
      budgets: async (...args) => (await parts()).port.budgets(...args),
    },
    desk: parts,
    credentialFor: async (whose) => (await parts()).credentialFor(whose),
  };
}
