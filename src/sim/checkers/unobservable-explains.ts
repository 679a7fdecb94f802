/**
 * P6 for what cannot be seen: the flag has its failure and its words, names its own host, tells no
 * secret, was announced once, and somebody was told.
 */
import { explain } from '../../core/explain.ts';
import type { Failure } from '../../core/failure.ts';
import type { MergeRequest } from '../../core/merge-request.ts';
import type { Checker, Look } from './checker.ts';

export function unobservableExplains(): Checker {
  /** Announcements of each merge request: failed less resumed. */
  const open = new Map<string, number>();
  return {
    name: 'unobservable_explains',
    cheap: false,
    look(look) {
      const { rows, fresh, fail } = look;
      for (const { kind, id, why } of fresh) {
        if (kind !== 'merge_request') continue;
        const step = why === 'pr.poll_failed' ? 1 : why === 'pr.poll_resumed' ? -1 : 0;
        if (step !== 0) open.set(id, (open.get(id) ?? 0) + step);
        const count = open.get(id) ?? 0;
        if (step !== 0 && count !== 0 && count !== 1) fail(`${id}: ${count} announcements open`);
      }
      for (const request of rows.liveRequests) {
        const said = open.get(request.id) ?? 0;
        if (request.unobservable === null) {
          if (said !== 0) fail(`${request.id} can be seen, which was not announced`);
          continue;
        }
        if (said !== 1) fail(`${request.id} cannot be seen, which was not announced`);
        spoken(look, request, request.unobservable.error);
      }
    },
  };
}

function spoken(
  { world, fail }: Look,
  { id, prUrl }: MergeRequest,
  error: Extract<Failure, { kind: 'pr_poll_failed' }>['error'],
): void {
  const failure: Failure = {
    kind: 'pr_poll_failed',
    helps: 'person',
    by: 'immediate',
    url: prUrl ?? '',
    error,
  };
  const words = JSON.stringify(explain(failure));
  if (!words.includes('forge.example')) fail(`${id}: which host? ${words}`);
  const others = ['GitHub', 'GitLab', 'Gitea'].filter(
    (name) => name.toLowerCase() !== error.provider,
  );
  for (const name of others) if (words.includes(name)) fail(`${id}: ${name} in ${words}`);
  for (const secret of world.forge.tokens.names) {
    if (words.includes(secret)) fail(`${id} tells ${secret}`);
  }
}
