/**
 * What may go wrong around a forge, and how often out of a thousand opportunities: on the way to
 * it, at it, with its hints, with the town's credential, and by people who do as they please.
 */
export const forgeFaultKinds = [
  'forge_call_lost',
  'forge_answer_lost',
  'forge_stalled',
  'forge_malformed',
  'forge_5xx',
  'forge_throttled',
  'forge_hidden',
  'forge_renamed',
  'forge_group_unknown',
  'forge_feedback_incomplete',
  'crash_open_sent',
  'crash_open_done',
  'crash_merge_sent',
  'crash_merge_done',
  'token_missing',
  'token_expired',
  'token_forbidden',
  'hint_lost',
  'hint_duplicated',
  'hint_reordered',
  'hint_forged',
  'stranger_merges',
  'stranger_closes',
  'stranger_reopens',
  'stranger_pushes',
  'stranger_pushes_at_merge',
  'stranger_force_pushes',
  'stranger_contaminates',
  'stranger_comments',
  'stranger_opens_foreign',
  'stranger_deletes_branch',
] as const;

export type ForgeFaultKind = (typeof forgeFaultKinds)[number];

export const forgeRate: Readonly<Record<ForgeFaultKind, number>> = {
  forge_call_lost: 40,
  forge_answer_lost: 80,
  forge_stalled: 30,
  forge_malformed: 40,
  forge_5xx: 15,
  forge_throttled: 10,
  forge_hidden: 10,
  forge_renamed: 10,
  forge_group_unknown: 100,
  forge_feedback_incomplete: 600,
  crash_open_sent: 250,
  crash_open_done: 250,
  crash_merge_sent: 400,
  crash_merge_done: 400,
  token_missing: 200,
  token_expired: 200,
  token_forbidden: 250,
  hint_lost: 400,
  hint_duplicated: 400,
  hint_reordered: 400,
  hint_forged: 15,
  stranger_merges: 40,
  stranger_closes: 35,
  stranger_reopens: 700,
  stranger_pushes: 40,
  stranger_pushes_at_merge: 600,
  stranger_force_pushes: 35,
  stranger_contaminates: 90,
  stranger_comments: 50,
  stranger_opens_foreign: 300,
  stranger_deletes_branch: 40,
};

export function isForgeFault(kind: string): kind is ForgeFaultKind {
  return Object.hasOwn(forgeRate, kind);
}
