/**
 * Words for what only somebody on the forge can do about a pull request. Pure; `wait.ts` asks here.
 */
import type { Wait } from '../wait.ts';
import { named, type Explanation } from './words.ts';

const MERGE_IT_IN = 'Merge the target into its branch, and push it';
const POINT_IT_BACK = 'Point it back at its target on the forge';
const BRING_IT_OVER = 'Merge that branch into the target; it is looked for there';

/** What only somebody on the forge can do. null: it is about something else. */
export function onForge(wait: Wait, request: string): Explanation | null {
  switch (wordOf(wait, 'because', '')) {
    case 'retargeted':
    case 'elsewhere':
      return offTarget(wait);
    case 'draft':
      return human(
        'Its pull request is a draft, and a draft is never merged.',
        'Mark it as ready for review on the forge',
      );
    case 'author':
      return human(
        'Its pull request was opened by somebody else, and repairing it was not agreed to.',
        `Its author goes on; see what is missing: gt mr show ${request}`,
      );
    case 'conflict':
      return human(
        'Its pull request conflicts with the target, and is not repaired by the town.',
        MERGE_IT_IN,
      );
    case 'behind':
      return human(
        'Its branch is behind the target, and is not brought up to it by the town.',
        MERGE_IT_IN,
      );
    case 'forge':
      return human(
        'The forge does not let its pull request be merged, for a reason of its own.',
        `See what is missing on its page: gt mr show ${request}`,
      );
    default:
      return null;
  }
}

function offTarget(wait: Wait): Explanation {
  const base = wordOf(wait, 'base', 'another branch');
  return wordOf(wait, 'because', '') === 'retargeted'
    ? human(`Its pull request was pointed at ${base}, not its target.`, POINT_IT_BACK)
    : human(`Its pull request was merged into ${base}, not its target.`, BRING_IT_OVER);
}

/** What a person is to know and to do, with nothing more to show. */
export function human(what: string, next: string): Explanation {
  return { what, evidence: '', next };
}

/** A detail of it as a name, never as markup. */
export function wordOf(wait: Wait, key: string, fallback: string): string {
  const value = wait.detail[key];
  return value === undefined ? fallback : named(String(value));
}
