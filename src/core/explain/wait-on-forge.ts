/**
 * Words for what is waited for on the forge: its checks, its reviews, and what only somebody there
 * can do. Pure; `wait.ts` asks here.
 */
import type { Wait } from '../wait.ts';
import { known, named, type About, type Explanation } from './words.ts';

const MERGE_IT_IN = 'Merge the target into its branch, and push it';
const BRING_IT_OVER = 'Merge that branch into the target; it is looked for there';

/** What only somebody on the forge can do. null: it is about something else. */
export function onForge(wait: Wait, about: About): Explanation | null {
  switch (wordOf(wait, 'because', '')) {
    case 'retargeted':
    case 'elsewhere':
      return offTarget(wait, about);
    case 'draft':
      return human(
        'Its pull request is a draft, and a draft is never merged.',
        `Mark it as ready for review ${at(about)}`,
      );
    case 'author':
      return human(
        'Its pull request was opened by somebody else, and repairing it was not agreed to.',
        `Its author goes on; see what is missing ${at(about)}`,
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
        `See what is missing ${at(about)}`,
      );
    default:
      return null;
  }
}

/** Where a person looks at it; its address, where one is known. */
export function at({ url }: About): string {
  return known(url) ? `at ${named(url)}` : 'on the forge';
}

function offTarget(wait: Wait, about: About): Explanation {
  const base = wordOf(wait, 'base', 'another branch');
  return wordOf(wait, 'because', '') === 'retargeted'
    ? human(
        `Its pull request was pointed at ${base}, not its target.`,
        `Point it back at its target ${at(about)}`,
      )
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

export const CHECK_WORDS: Readonly<Record<string, string>> = {
  checks_failed: 'Checks of its pull request failed.',
  checks_pending: 'Checks of its pull request are running, or have not begun.',
  checks_settling: 'No check has shown up yet; it is believed to have none in a moment.',
};

export const REVIEW_WORDS: Readonly<Record<string, string>> = {
  changes_requested: 'A reviewer asked for changes on its pull request.',
  approval_required: 'Its pull request needs an approval.',
  threads: 'Remarks on its pull request are not resolved.',
};

export const REVIEW_NEXT: Readonly<Record<string, (about: About) => string>> = {
  changes_requested: (about) =>
    `Ask the reviewer to look again, or dismiss the review, ${at(about)}`,
  approval_required: (about) => `Have it approved ${at(about)}`,
  threads: (about) => `Answer or resolve them ${at(about)}`,
};
