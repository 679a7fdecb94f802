/**
 * What makes two beads the same work: an issue that both fix, or the same words. Each of these has
 * one name in the town, under which whoever came first is found. Pure.
 *
 * N1 The name of an issue says at which forge: two of them may have repositories of one path.
 * N2 Words are the same that differ in case, in white space, and in punctuation at their ends.
 * N3 What takes a change back is its own work: one may be taken back as often as it lands.
 */
import type { Bead } from './bead.ts';
import { hashOf } from './launch.ts';
import type { Rig } from './rig.ts';

export interface Matter {
  readonly name: string;
  /** As people know it; null: it is the words. */
  readonly issue: string | null;
}

type Words = Pick<Bead, 'title' | 'body' | 'issues' | 'reverts'>;

/** What a bead is about; issues first, because they say more. */
export function mattersOf(rig: Pick<Rig, 'id' | 'forge'>, bead: Words): readonly Matter[] {
  if (bead.reverts !== null) return []; // N3
  const at = rig.forge === null ? '' : `${rig.forge.origin}/`; // N1
  const issues = bead.issues.map((issue) => ({ name: at + issue, issue }));
  // No issue has a space in its name.
  const words = `words ${rig.id} ${hashOf(sameWords(bead.title, bead.body))}`;
  return [...issues, { name: words, issue: null }];
}

/** N2. What is left of a title and a body when they are compared. */
export function sameWords(title: string, body: string): readonly [title: string, body: string] {
  return [folded(title), folded(body)];
}

const ENDS = ` .,;:!?…'"“”‘’\`。、！？`;

/** Looked at from both ends: a pattern for the end takes the square of a long run of dots. */
function folded(text: string): string {
  const plain = text.normalize('NFKC').toLowerCase().replaceAll(/\s+/gu, ' ').trim();
  let [from, to] = [0, plain.length];
  while (from < to && ENDS.includes(plain.charAt(from))) from += 1;
  while (from < to && ENDS.includes(plain.charAt(to - 1))) to -= 1;
  return from === to ? plain : plain.slice(from, to);
}
