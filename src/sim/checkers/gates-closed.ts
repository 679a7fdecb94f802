/**
 * P7: what the town pushes had `passed` from every gate that was required when it was approved,
 * on exactly that commit. Where `clean_merge` was ever chosen, reports may stand for a rebuild.
 */
import { type Commit, rigId } from '../../core/ids.ts';
import { gateResults } from '../../storage/tables/gate-results.ts';
import type { Checker, Look } from './checker.ts';

export function gatesClosed(): Checker {
  const seen = new Map<string, number>();
  const lenient = new Set<string>();
  /** Required gates of each candidate when it was first seen on its way. */
  const required = new Map<Commit, readonly string[]>();
  return {
    name: 'gates_closed',
    cheap: false,
    look(look) {
      notice(look, lenient, required);
      for (const remote of look.world.git.remotes()) {
        const from = seen.get(remote.rig) ?? 0;
        seen.set(remote.rig, remote.history.length);
        for (const landed of remote.history.slice(from)) {
          if (landed.by !== 'town' || lenient.has(remote.rig)) continue;
          judged(look, remote.rig, landed.commit, required.get(landed.commit));
        }
      }
    },
  };
}

function notice(
  { rows }: Look,
  lenient: Set<string>,
  required: Map<Commit, readonly string[]>,
): void {
  for (const rig of rows.rigs) {
    const own = rig.settings.gateFreshness ?? rows.town?.settings.gateFreshness;
    if (own === 'clean_merge') lenient.add(rig.id);
  }
  for (const { stage, candidate, rig: id } of rows.liveRequests) {
    if (stage !== 'landing' || candidate === null || required.has(candidate.commit)) continue;
    const rig = rows.rigs.find((row) => row.id === id);
    const gates = (rig?.settings.gates ?? []).filter((gate) => gate.required);
    required.set(candidate.commit, gates.map((gate) => gate.name));
  }
}

function judged(
  { world, fail }: Look,
  rig: string,
  commit: Commit,
  required: readonly string[] | undefined,
): void {
  if (required === undefined) return fail(`${commit} landed and was never seen on its way`);
  const reports = gateResults.of(world.disk, rigId(rig), commit);
  for (const gate of required) {
    const ours = reports.filter((report) => report.gate === gate);
    if (ours.length === 0) fail(`${commit} landed, ${gate} never judged it`);
    for (const { result } of ours) {
      if (result !== 'passed') fail(`${commit} landed, ${gate}: ${result}`);
    }
  }
}
