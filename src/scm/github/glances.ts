/**
 * Pull requests that are not due, looked at in passing: a batch has room for many of them at no
 * price, as a glance asks for no connection. One that is not what it was is told as a hint, so
 * a merge is noticed long before a quiet pull request is due again.
 *
 * G1 A glance is never a snapshot: it only says that it is time to read. G2 What a credential has
 *    not read itself is not looked at with it. G3 Whoever was not looked at longest goes first;
 *    what nobody reads any more is forgotten.
 */
import { z } from 'zod';
import { limits } from '../../core/limits.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import type { Instant } from '../../core/time.ts';
import type { Call } from './api.ts';
import type { PullNode } from './fields.ts';

/** Told of a pull request that changed since it was read. */
export type Changed = (ref: PullRequestRef) => void;

export const glanceFields = 'id state isDraft updatedAt headRefOid reviewDecision';

interface Known {
  readonly ref: PullRequestRef;
  readonly mark: string;
  readonly readAt: Instant;
}

type Mark = Pick<PullNode, 'state' | 'isDraft' | 'updatedAt' | 'headRefOid' | 'reviewDecision'>;

const glanced = z.array(
  z
    .object({
      id: z.string(),
      state: z.string(),
      isDraft: z.boolean(),
      updatedAt: z.string().nullish(),
      headRefOid: z.string(),
      reviewDecision: z.string().nullish(),
    })
    .nullable()
    .catch(null),
);

export class Glances {
  readonly #changed: Changed | undefined;
  /** By credential and API, then by the forge's id, longest not looked at first. G2, G3 */
  readonly #known = new Map<string, Map<string, Known>>();

  /** Without anybody to tell, nothing is looked at. */
  constructor(changed: Changed | undefined) {
    this.#changed = changed;
  }

  /** Ids to look at beside these targets. */
  beside(call: Call, targets: readonly PullRequestRef[], now: Instant): readonly string[] {
    if (this.#changed === undefined) return [];
    const known = this.#of(call);
    const due = new Set(targets.map(({ nodeId }) => nodeId));
    const ids: string[] = [];
    for (const [id, { readAt }] of known) {
      if (ids.length >= limits.glancesPerRead) break;
      if (now - readAt > limits.glanceMsMax) known.delete(id);
      else if (!due.has(id)) ids.push(id);
    }
    return ids;
  }

  /** G1. What is not understood is no news. */
  seen(call: Call, lists: readonly unknown[]): void {
    const known = this.#of(call);
    for (const node of lists.flatMap((list) => glanced.safeParse(list).data ?? [])) {
      const before = node === null ? undefined : known.get(node.id);
      if (node === null || before === undefined) continue;
      const mark = markOf(node);
      known.delete(node.id);
      known.set(node.id, { ...before, mark });
      if (mark !== before.mark) this.#changed?.(before.ref);
    }
  }

  /** It was read whole. */
  read(call: Call, ref: PullRequestRef, pull: PullNode, now: Instant): void {
    if (this.#changed === undefined) return;
    const known = this.#of(call);
    known.delete(pull.id);
    if (pull.state !== 'OPEN') return;
    known.set(pull.id, { ref, mark: markOf(pull), readAt: now });
    const [oldest] = known.keys();
    if (known.size > limits.glancesKept && oldest !== undefined) known.delete(oldest);
  }

  #of({ lease, project }: Call): Map<string, Known> {
    const key = `${lease.fingerprint} ${project.apiBase}`;
    const known = this.#known.get(key) ?? new Map<string, Known>();
    this.#known.set(key, known);
    return known;
  }
}

function markOf({ state, isDraft, updatedAt, headRefOid, reviewDecision }: Mark): string {
  return JSON.stringify([state, isDraft, updatedAt, headRefOid, reviewDecision ?? null]);
}
