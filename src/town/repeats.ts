/**
 * Repeats: a command that comes again under its key is answered what the first was. K2
 *
 * R1 What a host read for a command is no part of what was asked: a repeat may have read another
 *    moment, or may not have to read at all.
 */
import type { Command, CommandAnswer } from '../core/command.ts';
import type { Failure } from '../core/failure.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { SqlReader } from '../ports/sql.ts';
import { idempotency } from '../storage/tables/idempotency.ts';

type Read = Extract<Command, { readonly kind: 'mr_adopt' | 'mr_supersede' }>;
type Unread<C extends Read> = C extends Read ? Omit<C, 'snapshot'> : never;

/** As it is known before anything was read for it. */
export type Asked = Exclude<Command, Read> | Unread<Read>;

/** null: nothing was asked under this key. */
export function answeredBefore(
  reader: SqlReader,
  asked: Asked,
  key: string | undefined,
): Result<CommandAnswer, Failure> | null {
  const known = key === undefined ? undefined : idempotency.get(reader, key);
  if (key === undefined || known === undefined) return null;
  if (known.command !== askedText(asked)) return err({ kind: 'key_reused', helps: 'person', key });
  const answer: CommandAnswer = JSON.parse(known.answer);
  return ok(answer);
}

/** R1 */
export function askedText(asked: Asked): string {
  if (asked.kind === 'mr_supersede') {
    const { kind, escalation, ref } = asked;
    return JSON.stringify({ kind, escalation, url: ref.url });
  }
  if (asked.kind === 'rig_move') {
    const { is: _, forge: __, ...words } = asked;
    return JSON.stringify(words);
  }
  if (asked.kind !== 'mr_adopt') return JSON.stringify(asked);
  const { kind, rig, ref, fixes } = asked;
  return JSON.stringify({ kind, rig, url: ref.url, fixes });
}
