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
          const gates = required.get(landed.commit) ?? unseen(look, remote.rig);
          judged(look, remote.rig, landed.commit, gates);
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
    required.set(candidate.commit, requiredNow(rows, id));
  }
}

function requiredNow(rows: Look['rows'], id: string): readonly string[] {
  const gates = rows.rigs.find((row) => row.id === id)?.settings.gates ?? [];
  return gates.filter((gate) => gate.required).map((gate) => gate.name);
}

/** It went its way while the server was down: today's gates, unless they were just changed. */
function unseen({ rows, fresh }: Look, id: string): readonly string[] {
  const changed = fresh.some(
    (row) => row.kind === 'rig' && row.id === id && row.why === 'settings',
  );
  return changed ? [] : requiredNow(rows, id);
}

function judged(
  { world, fail }: Look,
  rig: string,
  commit: Commit,
  required: readonly string[],
): void {
  const reports = gateResults.of(world.disk, rigId(rig), commit);
  for (const gate of required) {
    const ours = reports.filter((report) => report.gate === gate);
    if (ours.length === 0) fail(`${commit} landed, ${gate} never judged it`);
    for (const { result } of ours) {
      if (result !== 'passed') fail(`${commit} landed, ${gate}: ${result}`);
    }
  }
}
