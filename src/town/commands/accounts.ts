/**
 * The account behind a rig: there when its first pull request needs reading.
 */
import type { Action } from '../../core/action.ts';
import { accountIdOf, type ForgeAccount } from '../../core/forge-account.ts';
import { insert } from '../../core/plan.ts';
import type { Rig } from '../../core/rig.ts';
import { forgeAccounts } from '../../storage/tables/forge-accounts.ts';
import type { Ask } from './ask.ts';

/** Made where the town has none for its forge and credential yet. */
export function accountFor(ask: Ask, rig: Rig): readonly Action[] {
  const id = accountIdOf(rig);
  if (rig.forge === null || forgeAccounts.get(ask.turn.tx, id) !== undefined) return [];
  const row: ForgeAccount = {
    id,
    status: 'clear',
    origin: rig.forge.origin,
    rig: rig.id,
    read: null,
    reads: 0,
    incidentSince: null,
    probeAt: null,
    waits: [],
    createdAt: ask.turn.now,
    updatedAt: ask.turn.now,
    parked: null,
  };
  return [insert('forge_account', row, 'first_rig')];
}
