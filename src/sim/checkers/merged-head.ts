/**
 * L4: what the town has merged is exactly the head it judged: the head it sent, of which every
 * required gate said `passed`, and which the snapshot showed that it decided from.
 */
import type { Checker, Look } from './checker.ts';
import type { MergeAsked } from '../world/forge.ts';

export function mergedHead(): Checker {
  let seen = 0;
  return {
    name: 'merged_head',
    cheap: false,
    look(look) {
      const { merges } = look.world.forge;
      for (const asked of merges.slice(seen)) judge(look, asked);
      seen = merges.length;
    },
  };
}

function judge({ rows, fail }: Look, { pull, expectedHead, row, answer }: MergeAsked): void {
  const name = `${pull.rig}#${pull.number}`;
  if (row === undefined) return fail(`${name} was merged for no live merge request`);
  if (row.head !== expectedHead) fail(`${name}: sent ${expectedHead}, judged ${row.head}`);
  if (row.candidate?.head !== expectedHead) fail(`${name}: no candidate of ${expectedHead}`);
  if (row.snapshot?.head !== expectedHead) fail(`${name}: the snapshot shows another head`);
  if (row.snapshot?.draft === true) fail(`${name} was a draft`);
  if (row.snapshot?.baseBranch !== row.target) {
    fail(`${name} goes into ${row.snapshot?.baseBranch}, judged for ${row.target}`);
  }
  const gates = rows.rigs.find(({ id }) => id === row.rig)?.settings.gates ?? [];
  for (const { name: gate, required } of gates) {
    if (!required) continue;
    const said = row.gates.find((report) => report.gate === gate)?.result;
    if (said !== 'passed') fail(`${name}: ${gate} said ${said ?? 'nothing'}`);
  }
  if (answer.is === 'merged' && pull.head !== expectedHead) {
    fail(`${name}: merged ${pull.head}, evaluated ${expectedHead}`);
  }
}
