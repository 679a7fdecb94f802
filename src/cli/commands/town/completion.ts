/**
 * `gt completion` prints the script of a shell; `gt __complete` answers it: words from the
 * declarations, ids from the town if it runs.
 *
 * C1 Never fails and never waits long: without a town there are no ids, and nothing else changes.
 */
import { completionFor, type Candidate } from '../../completion.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { oneLine } from '../../output.ts';
import { shellScripts } from '../../shells.ts';
import type { Completes, Context } from '../../spec.ts';
import type { World } from '../../world.ts';
import { nouns, topCommands } from '../index.ts';

const WAIT_MS_MAX = 700;
const ITEMS_MAX = 200;

export async function completion(
  { output }: Context,
  { shell }: { readonly shell: string },
): Promise<ExitCode> {
  const name = shell === 'zsh' || shell === 'fish' ? shell : 'bash';
  const script = shellScripts[name];
  output.result({ shell: name, script }, () => script.trimEnd().split('\n'));
  return exitCodes.ok;
}

export async function complete(
  context: Context,
  { words }: { readonly words: readonly string[] },
): Promise<ExitCode> {
  const { output, world } = context;
  const top = topCommands.flatMap(({ commands }) => commands);
  const { candidates, wants } = completionFor(words, top, nouns);
  if (wants === 'file') {
    output.lines([':files']);
    return exitCodes.ok;
  }
  const named = wants === null ? [] : await inTime(world, names(context, wants)); // C1
  const typed = words.at(-1) ?? '';
  // With a comma-separated list the last part is being typed.
  const comma = typed.lastIndexOf(',') + 1;
  const fitting = named
    .filter(({ text }) => text.startsWith(typed.slice(comma)))
    .map(({ text, about }) => ({ text: typed.slice(0, comma) + text, about }));
  output.lines([...candidates, ...fitting].map(({ text, about }) => `${text}\t${about}`));
  return exitCodes.ok;
}

/** Nothing when it takes too long. The timer ends with the answer, or `gt` would stay for it. */
async function inTime<T>(world: World, asked: Promise<readonly T[]>): Promise<readonly T[]> {
  const answered = new AbortController();
  const late = world.sleep(WAIT_MS_MAX, answered.signal).then(() => []);
  return Promise.race([asked, late]).finally(() => answered.abort());
}

async function names(context: Context, wants: Completes): Promise<readonly Candidate[]> {
  try {
    const lists = await Promise.all(kindsOf(wants).map((kind) => listOf(context, kind)));
    return lists.flat();
  } catch {
    return []; // C1
  }
}

function kindsOf(wants: Completes): readonly Completes[] {
  if (wants !== 'anything') return [wants];
  return ['bead', 'rig', 'merge request', 'attempt', 'escalation'];
}

async function listOf({ client }: Context, kind: Completes): Promise<readonly Candidate[]> {
  switch (kind) {
    case 'bead': {
      // Those at work first; closed ones can be shown, compared and reverted.
      const lists = await Promise.all([
        client.list('/beads', {}, ITEMS_MAX),
        client.list('/beads', { status: 'closed', all: true }, ITEMS_MAX),
      ]);
      return lists.flatMap(({ items }) => items.map(({ id, title }) => candidate(id, title)));
    }
    case 'rig': {
      const { items } = await client.get('/rigs', {});
      return items.map(({ id, remote }) => candidate(id, remote));
    }
    case 'merge request': {
      const { items } = await client.list('/merge-requests', { live: true }, ITEMS_MAX);
      return items.map(({ id, bead }) => candidate(id, bead));
    }
    case 'attempt': {
      const { items } = await client.list('/agents', {}, ITEMS_MAX);
      return items.map(({ id, status }) => candidate(id, status));
    }
    case 'escalation': {
      const { items } = await client.list('/escalations', {}, ITEMS_MAX);
      return items.map(({ id, subject }) => candidate(id, subject));
    }
    case 'setting': {
      const { items } = await client.get('/settings', {});
      return items.map(({ key, summary }) => candidate(key, summary));
    }
    case 'anything':
    case 'file':
      return [];
  }
}

function candidate(text: string, about: string): Candidate {
  return { text, about: oneLine(about).slice(0, 60) };
}
