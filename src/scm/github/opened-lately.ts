/**
 * The pull requests this process opened a moment ago, for callers whose rows do not say when: a
 * 404 on one of them may pass.
 */
import { limits } from '../../core/limits.ts';
import type { PullRequestRef } from '../../core/pull-request.ts';
import { after, type Instant } from '../../core/time.ts';

export class OpenedLately {
  readonly #at = new Map<string, Instant>();

  add(ref: PullRequestRef, now: Instant): void {
    for (const [name, at] of this.#at) {
      if (after(at, limits.forgeYoungMs) <= now) this.#at.delete(name);
    }
    this.#at.set(nameOf(ref), now);
  }

  dated(targets: readonly PullRequestRef[]): readonly PullRequestRef[] {
    if (this.#at.size === 0) return targets;
    return targets.map((target) => {
      const createdAt = target.createdAt ?? this.#at.get(nameOf(target)) ?? null;
      return { ...target, createdAt };
    });
  }
}

function nameOf({ project, number }: PullRequestRef): string {
  return `${project.apiBase} ${project.path.toLowerCase()} ${number}`;
}
