/**
 * The title and body of a pull request: composed by code from what is known, never by an agent.
 * Sections: summary, verification, scope, notes, `Fixes #n`, trailer; in the repository's own
 * template where it has one. It speaks of the submission it is opened with.
 *
 * B1 The last line names town and bead: how a pull request is known as ours when an answer was
 *    lost. B2 The agent's summary is data: quoted, shortened, and unable to forge our trailer.
 * B3 Only the task's own words close an issue. B4 Both fit every forge, and the body ends with
 *    its trailer however much there is to say.
 */
import { assert } from './assert.ts';
import type { Bead, RoundCause } from './bead.ts';
import { codeSpan, quotedForForge } from './forge-text.ts';
import { issuesNamed } from './issue.ts';
import type { GateReport } from './job.ts';
import { limits } from './limits.ts';
import { filledTemplate, type Section } from './pull-template.ts';
import { fitting, scopeText } from './pull-scope.ts';
import { oneLine } from './quote.ts';
import type { Town } from './town.ts';
import type { MergeRequestView } from './view.ts';

/** The least of what forges take: GitLab 255 for a title, GitHub 65,536 for a body. B4 */
export const pullTitleCharsMax = 255;
export const pullBodyCharsMax = 65_000;

const summaryCharsMax = 8000;
const gatesShownMax = 60;
const gatesCharsMax = 12_000;

export function pullTitle(bead: Bead): string {
  return oneLine(bead.title, Math.min(limits.beadTitleCharsMax, pullTitleCharsMax));
}

/** B1 */
export function pullTrailer(town: Town, bead: Bead): string {
  return `Gastown-Pull: ${town.tag}/${bead.id}`;
}

export function pullBody(view: MergeRequestView): string {
  const { bead, mergeRequest, town, rig } = view;
  const sections: readonly Section[] = [
    {
      title: 'Summary',
      text: summaryOf(bead),
      asked: /summary|descri|^what\b(?!.*\bchanged\W*$)/i,
    },
    {
      title: 'Verification',
      text: verification(mergeRequest.gates),
      asked: /verif|test|checked|\bqa\b/i,
    },
    {
      title: 'Scope',
      text: scopeText(bead),
      asked: /\bscope\b|\bfiles\b|^what\b.*\bchanged\W*$/i,
    },
    ...notes(bead),
  ];
  const parts = [
    filledTemplate(rig.report?.pullTemplate ?? '', sections),
    ...fixes(bead),
    pullTrailer(town, bead),
  ];
  const body = `${parts.join('\n\n')}\n`;
  assert(body.length <= pullBodyCharsMax, `the body of ${mergeRequest.id} is too long`);
  return body;
}

/** B2 */
function summaryOf(bead: Bead): string {
  const said = bead.submission?.summary.trim() ?? '';
  return quotedForForge(said === '' ? bead.title : said, summaryCharsMax);
}

function verification(gates: readonly GateReport[]): string {
  if (gates.length === 0) return 'No gates are set for this repository.';
  const lines = gates.map(({ gate, command, result, flaky }) => {
    const note = flaky ? ' (only after failing first)' : '';
    const name = quotedName(gate);
    return `- ${name}: ${result.replaceAll('_', ' ')}${note}, ${codeSpan(oneLine(command, 200))}`;
  });
  const shown = fitting(lines, gates.length, gatesShownMax, gatesCharsMax);
  return [counted(gates), '', ...shown].join('\n');
}

function counted(gates: readonly GateReport[]): string {
  const passed = gates.filter(({ result }) => result === 'passed').length;
  const flaky = gates.filter((gate) => gate.result === 'passed' && gate.flaky).length;
  const note = flaky === 0 ? '' : `, ${flaky} of them only after failing first`;
  return `${passed} of ${gates.length} ${gates.length === 1 ? 'gate' : 'gates'} passed${note}.`;
}

function quotedName(gate: string): string {
  return codeSpan(oneLine(gate, 80));
}

const CAUSES: Readonly<Record<RoundCause, string>> = {
  gate: 'a gate',
  conflict: 'a conflict with the target',
  review: 'a person who asked for changes',
  feedback: 'checks or remarks on the pull request',
  answer: 'a question that was answered',
  empty: 'a change that was none',
};

function notes({ rounds }: Bead): readonly Section[] {
  const causes: readonly RoundCause[] = [
    'gate',
    'conflict',
    'review',
    'feedback',
    'answer',
    'empty',
  ];
  const said = causes.flatMap((cause) => {
    const count = rounds[cause] ?? 0;
    return count === 0 ? [] : [`- ${count} because of ${CAUSES[cause]}`];
  });
  if (said.length === 0) return [];
  const text = `Rounds before this:\n\n${said.join('\n')}`;
  return [{ title: 'Notes', text, asked: /\bnotes?\b|additional/i }];
}

/**
 * B3. `Fixes #n` for each issue the person's own words say so of, in the title or the body. A
 * revert is about none, and its title only quotes another one's.
 */
function fixes({ title, body, issues }: Bead): readonly string[] {
  if (issues.length === 0) return [];
  const named = issuesNamed(`${title}\n${body}`);
  return [named.map((issue) => `Fixes ${issue}`).join('\n')];
}
