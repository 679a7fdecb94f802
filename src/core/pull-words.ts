/**
 * The title and body of a pull request: composed by code from what is known, never by an agent.
 * The repository's own template, where it has one, is filled below what the town says.
 *
 * B1 The last line names town and bead: how a pull request is known as ours when an answer was
 *    lost. B2 The agent's summary is data: quoted, shortened, and unable to forge our trailer.
 */
import type { Bead } from './bead.ts';
import type { GateReport } from './job.ts';
import { limits } from './limits.ts';
import { oneLine, shorten } from './quote.ts';
import type { Town } from './town.ts';
import type { MergeRequestView } from './view.ts';

const summaryCharsMax = 8000;

export function pullTitle(bead: Bead): string {
  return oneLine(bead.title, limits.beadTitleCharsMax);
}

/** B1 */
export function pullTrailer(town: Town, bead: Bead): string {
  return `Gastown-Pull: ${town.tag}/${bead.id}`;
}

export function pullBody(view: MergeRequestView): string {
  const { bead, mergeRequest, town } = view;
  const parts = [
    `## Summary\n\n${summaryOf(bead)}`,
    `## Verification\n\n${verification(mergeRequest.gates)}`,
    ...notes(view),
    ...fixes(bead),
    pullTrailer(town, bead),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** B2 */
function summaryOf(bead: Bead): string {
  const said = bead.submission?.summary.trim() ?? '';
  const text = said === '' ? bead.title : said;
  return shorten(text, summaryCharsMax).replace(/^gastown-/gim, '-gastown-');
}

function verification(gates: readonly GateReport[]): string {
  if (gates.length === 0) return 'No gates are set for this repository.';
  const passed = gates.filter(({ result }) => result === 'passed').length;
  const lines = gates.map(({ gate, command, result, flaky }) => {
    const note = flaky ? ' (passed after failing first)' : '';
    return `- ${gate}: ${result.replaceAll('_', ' ')}${note}, \`${oneLine(command, 200)}\``;
  });
  return [`${passed} of ${gates.length} gates passed.`, '', ...lines].join('\n');
}

function notes({ bead }: MergeRequestView): readonly string[] {
  const rounds = Object.entries(bead.rounds);
  if (rounds.length === 0) return [];
  const said = rounds.map(([cause, count]) => `${count} for ${cause}`).join(', ');
  return [`## Notes\n\nRounds before this: ${said}.`];
}

/** `Fixes #n` where the person's own words name an issue. */
function fixes(bead: Bead): readonly string[] {
  const found = /\b(?:fix(?:es)?|closes?|resolves?) (#\d+|[\w.-]+\/[\w.-]+#\d+)/i.exec(bead.body);
  return found === null ? [] : [`Fixes ${found[1] ?? ''}`];
}
