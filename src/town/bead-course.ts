/**
 * Who would work on a bead and where its change would go, as people see it before it happens.
 *
 * C1 Nothing is worked out here: agent and strategy come from the rules that start and land it.
 */
import type { Bead } from '../core/bead.ts';
import { strategyOf } from '../core/decide/bead-review.ts';
import { defaultAgentOf } from '../core/decide/dispatch.ts';
import { agentFor } from '../core/launch.ts';
import { noAgent } from '../core/launch-spec.ts';
import type { SqlReader } from '../ports/sql.ts';
import { loadTown, settingsOf } from '../storage/load-view.ts';
import { mergeRequests } from '../storage/tables/merge-requests.ts';
import { rigs } from '../storage/tables/rigs.ts';
import { runners } from '../storage/tables/runners.ts';
import { isoOrNull } from './views.ts';

/** null: it is closed, and goes nowhere any more. C1 */
export function courseOf(reader: SqlReader, bead: Bead) {
  const rig = rigs.get(reader, bead.rig);
  if (rig === undefined || bead.status === 'closed') return null;
  const settings = settingsOf(loadTown(reader), rig);
  const runner = runners.all(reader).find(({ status }) => status === 'connected');
  const found = runner === undefined ? null : defaultAgentOf(runner);
  const { agent, model } = agentFor(bead, settings, found);
  const request = mergeRequests.liveOfBead(reader, bead.id);
  return {
    agent: agent === noAgent ? null : agent,
    model,
    lands: request?.strategy ?? strategyOf({ settings, rig }, bead),
    target: request?.target ?? rig.target,
    remote: rig.remote,
    consentAt: isoOrNull(rig.consentAt),
  };
}
