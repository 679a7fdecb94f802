/**
 * P7: what the town pushes had `passed` from every required gate, on exactly that commit. Where
 * `clean_merge` was ever chosen, the content itself must pass: nothing moved under it.
 */
import { type Commit, rigId } from '../../core/ids.ts';
import { gateResults } from '../../storage/tables/gate-results.ts';
import type { Checker, Look } from './checker.ts';

export function gatesClosed(): Checker {
  const seen = new Map<string, number>();
  const lenient = new Set<string>();
  return {
    name: 'gates_closed',
    look(look) {
      for (const rig of look.rows.rigs) {
        const own = rig.settings.gateFreshness ?? look.rows.town?.settings.gateFreshness;
        if (own === 'clean_merge') lenient.add(rig.id);
      }
      for (const remote of look.world.git.remotes()) {
        const from = seen.get(remote.rig) ?? 0;
        seen.set(remote.rig, remote.history.length);
        for (const landed of remote.history.slice(from)) {
          if (landed.by !== 'town' || lenient.has(remote.rig)) continue;
          judged(look, remote.rig, landed.commit);
        }
      }
    },
  };
}

function judged({ world, rows, fail }: Look, name: string, commit: Commit): void {
  const rig = rows.rigs.find((candidate) => candidate.id === name);
  for (const gate of rig?.settings.gates ?? []) {
    if (!gate.required) continue;
    const reports = gateResults
      .of(world.disk, rigId(name), commit)
      .filter((report) => report.gate === gate.name);
    if (reports.length === 0) fail(`${commit} landed, ${gate.name} never judged it`);
    for (const report of reports) {
      if (report.result !== 'passed') fail(`${commit} landed, ${gate.name}: ${report.result}`);
    }
  }
}
