/**
 * The message of the commit that lands: composed by code, never by an agent. Its trailers name
 * the bead and the merge request, so that the target's history tells where a change came from.
 */
import type { Bead } from './bead.ts';
import type { MergeRequest } from './merge-request.ts';

export function landingMessage(bead: Bead, request: MergeRequest): string {
  const subject = oneLine(bead.title);
  const summary = bead.submission?.summary.trim() ?? '';
  const trailers = [`Gastown-Bead: ${bead.id}`, `Gastown-Change: ${request.id}`];
  return [subject, ...(summary === '' ? [] : [untrailed(summary)]), trailers.join('\n')].join(
    '\n\n',
  );
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** An agent's summary may not forge our trailers. */
function untrailed(text: string): string {
  return text.replace(/^gastown-/gim, '-gastown-');
}
