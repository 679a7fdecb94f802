/**
 * Decides what one forge account reads next. Pure.
 *
 * O1 One read in flight; up to 25 due pull requests in it, longest due first.
 * O2 While an incident stands, one probe per interval and nothing else behind the account.
 */
import type { Plan } from '../action.ts';
import { callId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import { after } from '../time.ts';
import type { ForgeAccountView } from '../view.ts';
import { pullRefOf } from './pull-ref.ts';

export function decideForgeAccount(view: ForgeAccountView): Plan {
  const { account, now, due, nextReadAt } = view;
  if (account.read !== null) {
    if (account.read.deadline > now) {
      return rest(wait('poll', [account.id], { op: 'read_pulls' }, account.read.deadline));
    }
    return act(update('forge_account', account.id, { read: null }, 'read_unheard'));
  }
  if (due.length > 0) return read(view, due);
  if (nextReadAt === null) return rest();
  return rest(wait('poll', [account.id], {}, nextReadAt));
}

function read(view: ForgeAccountView, due: readonly MergeRequest[]): Plan {
  const { account, now } = view;
  const reads = account.reads + 1;
  const call = callId(`${account.id}:read:${reads}`);
  const targets = due.flatMap((request) => {
    const rig = view.rigs.find(({ id }) => id === request.rig);
    const ref = rig === undefined ? null : pullRefOf(request, rig);
    return ref === null ? [] : [{ mergeRequest: request.id, rig: request.rig, ref }];
  });
  const footprint = {
    callId: call,
    startedAt: now,
    deadline: after(now, limits.forgeCallMs),
    targets: targets.map(({ mergeRequest }) => mergeRequest),
  };
  return act(update('forge_account', account.id, { read: footprint, reads }, 'read'), {
    do: 'call',
    call: { op: 'read_pulls', callId: call, account: account.id, targets },
  });
}
