/**
 * Decides what one forge account reads next. Pure.
 *
 * O1 One read in flight; up to 25 due pull requests in it, longest due first.
 * O2 While an incident stands, one unobservable pull request per interval is read for all of them.
 */
import type { Plan } from '../action.ts';
import { probeOf } from '../forge-account.ts';
import { callId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, rest, update, wait } from '../plan.ts';
import { after, type Instant } from '../time.ts';
import type { ForgeAccountView } from '../view.ts';
import { pullRefOf } from './pull-ref.ts';

export function decideForgeAccount(view: ForgeAccountView): Plan {
  const { account, now } = view;
  if (account.read !== null) {
    if (account.read.deadline > now) {
      return rest(wait('poll', [account.id], { op: 'read_pulls' }, account.read.deadline));
    }
    return act(update('forge_account', account.id, { read: null }, 'read_unheard'));
  }
  const status = account.incidentSince === null ? 'clear' : 'incident';
  if (status !== account.status) {
    const why = status === 'clear' ? 'readable_again' : 'nobody_is_seen';
    return act(update('forge_account', account.id, { status, probeAt: null }, why));
  }
  const due = dueNow(view);
  if (due.length > 0) return read(view, due);
  const next = nextAt(view);
  return next === null ? rest() : rest(wait('poll', [account.id], {}, next));
}

/** O2. The probe comes first: whoever is due beside it is read with it. */
function dueNow({ account, now, due, blind }: ForgeAccountView): readonly MergeRequest[] {
  if (account.status === 'clear') return byAge([...due, ...blind]).slice(0, limits.pullsPerRead);
  const isProbed = account.probeAt !== null && account.probeAt > now;
  return [...(isProbed ? [] : blind.slice(0, 1)), ...due].slice(0, limits.pullsPerRead);
}

function byAge(requests: readonly MergeRequest[]): readonly MergeRequest[] {
  return requests.toSorted((a, b) => (a.readAt ?? 0) - (b.readAt ?? 0));
}

/** When something will be due that is not: an unobservable one not before the next probe. */
function nextAt({ account, nextReadAt, nextBlindAt }: ForgeAccountView): Instant | null {
  const blindAt = nextBlindAt === null ? null : probeOf(account, nextBlindAt);
  if (nextReadAt === null || blindAt === null) return nextReadAt ?? blindAt;
  return nextReadAt < blindAt ? nextReadAt : blindAt;
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
  const isProbe = account.status === 'incident' && due.some((one) => one.unobservable !== null);
  const probed = isProbe ? { probeAt: after(now, limits.unobservableProbeMs) } : {};
  return act(update('forge_account', account.id, { read: footprint, reads, ...probed }, 'read'), {
    do: 'call',
    call: { op: 'read_pulls', callId: call, account: account.id, targets },
  });
}
