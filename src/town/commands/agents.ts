/**
 * Is there an agent of this name? Asked when it is named, so that nobody learns only at the start
 * of an attempt, hours later, that a word was mistyped.
 *
 * G1 Known is what is configured and what a runner says it can start; installed it need not be.
 * G2 Where no runner has said what it knows, every name is taken: nothing is known against it.
 */
import type { Failure } from '../../core/failure.ts';
import { near } from '../../core/names.ts';
import { resolveSettings } from '../../core/setting-definitions.ts';
import type { Settings } from '../../core/settings.ts';
import type { SqlReader } from '../../ports/sql.ts';
import { loadTown } from '../../storage/load-view.ts';
import { runners } from '../../storage/tables/runners.ts';
import { missing } from './ask.ts';

type Own = { readonly settings: Partial<Settings> };

/** `agent`: null leaves the choice to the settings; `rig`: undefined for the whole town. */
export function agentProblem(
  reader: SqlReader,
  agent: string | null | undefined,
  rig: Own | undefined,
  town: Own = loadTown(reader),
): Failure | null {
  if (agent === null || agent === undefined) return null;
  // A row of an earlier version has no such list, until its runner connects. G2
  const startable = runners.all(reader).flatMap(({ inventory }) => inventory.known ?? []);
  if (startable.length === 0) return null;
  const configured = resolveSettings(town.settings, rig?.settings ?? {}).agents.map(
    ({ name }) => name,
  );
  const known = [...new Set([...configured, ...startable])];
  if (known.includes(agent)) return null;
  return missing('agent', agent, near(agent, known));
}
