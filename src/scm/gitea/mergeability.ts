/**
 * Whether a pull request can be merged. Gitea says `mergeable: false` for a conflict and while it
 * still computes, and has no third word: time tells them apart.
 *
 * M1 A head that is not mergeable is being computed, until it was never seen otherwise for a while;
 *    then it is a conflict. M2 Bounded; what is forgotten is computed once more.
 */
import type { Commit } from '../../core/ids.ts';
import { limits } from '../../core/limits.ts';
import type { Known, Mergeability } from '../../core/pull-request.ts';
import { after, type Instant } from '../../core/time.ts';
import { isDraft, type TeaPull } from './shapes.ts';

/** Gitea checks a pull request within seconds; three looks at one that is hot. */
const COMPUTING_MS = 3 * limits.pollHotMs;
const PULLS_MAX = 5000;

export class Conflicts {
  readonly #since = new Map<string, { readonly head: Commit; readonly at: Instant }>();

  /** Of one that is not mergeable; `place` is where it is, for all time. M1 */
  judge(place: string, { head }: TeaPull, now: Instant): 'conflict' | 'computing' {
    const known = this.#since.get(place);
    if (known?.head === head.sha) {
      return after(known.at, COMPUTING_MS) <= now ? 'conflict' : 'computing';
    }
    if (this.#since.size >= PULLS_MAX) this.#since.clear(); // M2
    this.#since.set(place, { head: head.sha, at: now });
    return 'computing';
  }

  /** It was seen to be mergeable. */
  forget(place: string): void {
    this.#since.delete(place);
  }
}

/** `isBlocked`: by checks or reviews that are required. */
export function mergeabilityOf(
  pull: TeaPull,
  seen: { readonly isBehind: boolean; readonly isBlocked: boolean },
  judge: () => 'conflict' | 'computing',
): Known<Mergeability> {
  const is = (value: Mergeability): Known<Mergeability> => ({ is: 'complete', value });
  if (pull.state !== 'open') return { is: 'unknown', why: 'a_word_we_do_not_know' };
  if (isDraft(pull)) return is('draft');
  if (pull.mergeable !== true) return is(judge());
  if (seen.isBehind) return is('behind');
  return is(seen.isBlocked ? 'blocked' : 'clean');
}
