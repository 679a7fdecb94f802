/**
 * Where a merge request's pull request is, from its columns and its rig's forge. The number comes
 * from the request, the place from the binding, never from a URL somebody wrote.
 */
import { isAccountAt } from '../forge-account.ts';
import type { MergeRequest } from '../merge-request.ts';
import type { PullRequestRef } from '../pull-request.ts';
import type { Rig } from '../rig.ts';

/** null while there is none, or where the rig is on no forge, or on another one by now. */
export function pullRefOf(request: MergeRequest, rig: Rig): PullRequestRef | null {
  const { prNumber, prUrl, prNodeId, prProject } = request;
  if (rig.forge === null || prNumber === null || prUrl === null) return null;
  if (!isAccountAt(request.account, rig.forge.origin)) return null;
  const project = { ...rig.forge, path: prProject ?? rig.forge.path };
  return { project, number: prNumber, nodeId: prNodeId, url: prUrl };
}
