/**
 * What outsiders do around a forge, and how often out of a thousand opportunities: authors of pull
 * requests that the town did not open, people who have it take those on, and owners of repositories
 * that go elsewhere. A command is counted when the town answered it as it should: a good one with
 * yes, a wrong one with no.
 */
export const outsiderFaultKinds = [
  'author_opens',
  'author_pushes',
  'author_force_pushes',
  'author_closes',
  'author_reopens',
  'author_merges',
  'author_retargets',
  'author_deletes_branch',
  'person_adopts',
  'person_adopts_wrongly',
  'person_supersedes',
  'person_supersedes_wrongly',
  'rig_renamed',
  'rig_moved_away',
  'token_issuer_down',
  'forge_reopen_refused',
] as const;

type OutsiderFaultKind = (typeof outsiderFaultKinds)[number];

export const outsiderRate: Readonly<Record<OutsiderFaultKind, number>> = {
  author_opens: 60,
  author_pushes: 25,
  author_force_pushes: 20,
  author_closes: 15,
  author_reopens: 300,
  author_merges: 15,
  author_retargets: 12,
  author_deletes_branch: 20,
  person_adopts: 150,
  person_adopts_wrongly: 60,
  person_supersedes: 700,
  person_supersedes_wrongly: 200,
  rig_renamed: 8,
  rig_moved_away: 8,
  token_issuer_down: 6,
  // Nobody plans it: it follows from a branch that is gone.
  forge_reopen_refused: 0,
};

export function isOutsiderFault(kind: string): kind is OutsiderFaultKind {
  return Object.hasOwn(outsiderRate, kind);
}
