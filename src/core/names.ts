/**
 * Names people see: of rigs, branches and workers, and what was probably meant by a wrong one.
 *
 * N1 A rig's name and a prefix can never be read as an id of something else (`mr-4`, `web-1`).
 * N2 A slug is ASCII, never empty, and safe as one component of a git ref, whatever the title.
 * N3 The same title gives the same branch for ever: a bead's branch is found by making it again.
 */
import type { Failure } from './failure.ts';
import type { BeadId } from './ids.ts';
import { limits } from './limits.ts';

/** Words that begin ids, or that name things of the town itself. */
const RESERVED: readonly string[] = [
  'town',
  'dispatch',
  'local',
  'all',
  'job',
  'mr',
  'esc',
  'cv',
  'gt',
  'rig',
];

const SLUG_CHARS_MAX = 40;
const SUGGESTIONS_MAX = 3;

/** Why a rig cannot be called this, or null when it can. N1 */
export function rigNameProblem(name: string): Failure | null {
  return nameProblem('name', name);
}

/** The same for what starts the ids of its beads. */
export function prefixProblem(prefix: string): Failure | null {
  return nameProblem('prefix', prefix);
}

function nameProblem(field: string, name: string): Failure | null {
  const expected = expectation(name);
  if (expected === null) return null;
  return { kind: 'bad_value', helps: 'person', field, given: name.slice(0, 100), expected };
}

function expectation(name: string): string | null {
  const max = limits.rigNameCharsMax;
  if (name.length > max) return `at most ${max} characters`;
  if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name)) {
    return 'lower-case letters, digits and single dashes, starting with a letter';
  }
  if (RESERVED.includes(name)) return `another word: "${name}" has a meaning of its own here`;
  if (/-\d+$/.test(name)) return 'no dash and number at the end: that is how a bead is called';
  return null;
}

/** What starts the ids of a rig's beads when the person chose nothing. */
export function prefixOf(name: string): string {
  return name;
}

/** `Füge Größe hinzu!` becomes `fuge-grosse-hinzu`. N2 */
export function slugOf(title: string): string {
  const plain = Array.from(title.normalize('NFKD'))
    .map((letter) => LETTERS[letter.toLowerCase()] ?? letter)
    .join('')
    .replace(/\p{Mark}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return shortened(plain) || 'bead';
}

/** Letters that do not fall apart into a base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** Cut at a word's end where one is near. */
function shortened(slug: string): string {
  if (slug.length <= SLUG_CHARS_MAX) return slug;
  const cut = slug.slice(0, SLUG_CHARS_MAX + 1);
  const end = cut.lastIndexOf('-');
  return cut.slice(0, end > SLUG_CHARS_MAX / 2 ? end : SLUG_CHARS_MAX).replace(/-+$/, '');
}

export interface BranchParts {
  /** The setting `branchPrefix`. */
  readonly prefix: string;
  readonly tag: string;
  readonly bead: BeadId;
  readonly title: string;
}

/** `gt/<tag>/<bead>/<slug>`. N3 */
export function branchOf(parts: BranchParts): string {
  return `${parts.prefix}/${parts.tag}/${parts.bead}/${slugOf(parts.title)}`;
}

/** A worker's name for people. Two may share one: it is never an identity. */
export function polecatName(number: number): string {
  const index = Math.abs(Math.trunc(number)) % POLECATS.length;
  return POLECATS[index] ?? 'toast';
}

const POLECATS: readonly string[] = [
  'toast biscuit pepper maple clover waffle juniper mango pickle ginger nutmeg basil olive',
  'pumpkin saffron truffle walnut cocoa fennel hazel almond barley cinder dahlia ember fig',
  'gravy honey iris jasmine kiwi lentil mochi noodle oat papaya quince radish sorrel',
  'thistle umber vanilla willow yam zest acorn bramble chestnut dumpling elder flint garnet',
  'heather ivy jelly kelp lemon mustard nettle onyx parsley',
]
  .join(' ')
  .split(' ');

/** Which of these names was probably meant; nearest first, at most three. */
export function near(name: string, names: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase();
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  return names
    .map((candidate) => ({ candidate, distance: distanceTo(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS_MAX)
    .map(({ candidate }) => candidate);
}

/** A beginning or an end counts as near: `attempts` for `maxDispatchAttempts`. */
function distanceTo(wanted: string, name: string): number {
  if (wanted.length >= 3 && (name.startsWith(wanted) || name.endsWith(wanted))) return 1;
  return editDistance(wanted, name);
}

/** Insertions, deletions, replacements and swaps of neighbours between two words. */
export function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const line: number[] = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      line.push(
        Math.min(
          at(last, column) + 1,
          at(line, column - 1) + 1,
          at(last, column - 1) + (same ? 0 : 1),
          swapped ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    before = last;
    last = line;
  }
  return at(last, b.length);
}

function at(line: readonly number[], column: number): number {
  return line[column] ?? Infinity;
}
