/**
 * What was thrown where nothing should be: the log keeps where it came from, people read what it
 * said.
 */
import type { Failure } from '../core/failure.ts';
import type { Log } from '../ports/host.ts';

type Bug = Extract<Failure, { readonly kind: 'gastown_bug' }>;

export function bugOf(log: Log, event: string, entity: string, error: unknown): Bug {
  const message = String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  log.error(event, { entity, message, stack });
  return { kind: 'gastown_bug', helps: 'no', entity, message, where: 'perform' };
}
