/**
 * What outsiders may do, one thing at a time; each answers whether it happened.
 */
import type { Command } from '../../core/command.ts';
import type { Escalation } from '../../core/escalation.ts';
import { elsewhere, target } from './forge-pull.ts';
import type { Found, OutsiderDeeds, Outsiders } from './outsiders.ts';

/** One that is open, rather one that the town watches. */
function openOne(outsiders: Outsiders): Found | null {
  const open = outsiders.pulls().filter(({ pull }) => pull.state === 'open');
  const watched = open.filter((found) => outsiders.requestOf(found) !== undefined);
  return outsiders.pick(watched.length > 0 && outsiders.random.chance(800) ? watched : open);
}

const withOpen =
  (deed: (outsiders: Outsiders, found: Found) => boolean) =>
  (outsiders: Outsiders): boolean => {
    const found = openOne(outsiders);
    return found !== null && deed(outsiders, found);
  };

function adoption({ ref, snapshot }: NonNullable<ReturnType<Outsiders['seen']>>, rig: string) {
  return { kind: 'mr_adopt', rig, ref, snapshot } as const;
}

function adopts(outsiders: Outsiders): boolean {
  const free = outsiders.pulls().filter((found) => {
    const { state, base } = found.pull;
    return state === 'open' && base === target && outsiders.requestOf(found) === undefined;
  });
  const found = outsiders.pick(free);
  const seen = found === null ? null : outsiders.seen(found);
  if (found === null || seen === null) return false;
  const fixes = outsiders.random.chance(500);
  return outsiders.ask({ ...adoption(seen, found.repo.rig), fixes })?.ok === true;
}

/** Ours, one that is over or goes elsewhere, one that is watched, one of another rig. */
function adoptsWrongly(outsiders: Outsiders): boolean {
  const { forge, random } = outsiders;
  const wrong = forge.pulls().filter((found) => isWrong(outsiders, found));
  const found = outsiders.pick(wrong);
  const seen = found === null ? null : outsiders.seen(found);
  if (found === null || seen === null) return false;
  const fixes = random.chance(500);
  return outsiders.ask({ ...adoption(seen, found.repo.rig), fixes })?.ok === false;
}

function isWrong(outsiders: Outsiders, found: Found): boolean {
  const { state, base, trailer } = found.pull;
  const isOver = state !== 'open' || base !== target;
  return isOver || trailer !== null || outsiders.requestOf(found) !== undefined;
}

/** A pull request that a person closed, and that nobody has said a word about yet. */
function closedOne(
  outsiders: Outsiders,
): { readonly asked: Escalation; readonly rig: string } | null {
  const { openEscalations, liveRequests } = outsiders.rows();
  const all = openEscalations.flatMap((asked) => {
    const request = liveRequests.find(({ id, pr }) => id === asked.subject && pr === 'closed');
    const isAbout = request?.escalation === asked.id && !asked.resolveAsked;
    return isAbout ? [{ asked, rig: request.rig }] : [];
  });
  return outsiders.pick(all);
}

function supersedes(outsiders: Outsiders): boolean {
  const closed = closedOne(outsiders);
  const repo = closed === null ? undefined : outsiders.forge.repos.get(closed.rig);
  if (closed === null || repo === undefined) return false;
  const free = outsiders
    .pulls()
    .filter((found) => found.repo === repo && !isWrong(outsiders, found));
  const found = outsiders.pick(free) ?? outsiders.open(repo);
  return found !== null && answersWith(outsiders, closed.asked, found) === true;
}

function supersedesWrongly(outsiders: Outsiders): boolean {
  const closed = closedOne(outsiders);
  if (closed === null) return false;
  const wrong = outsiders.forge
    .pulls()
    .filter((found) => found.repo.rig !== closed.rig || isWrong(outsiders, found));
  const found = outsiders.pick(wrong);
  return found !== null && answersWith(outsiders, closed.asked, found) === false;
}

function answersWith(outsiders: Outsiders, asked: Escalation, found: Found): boolean | null {
  const seen = outsiders.seen(found);
  if (seen === null) return null;
  const command: Command = { kind: 'mr_supersede', escalation: asked.id, ...seen };
  return outsiders.ask(command)?.ok ?? null;
}

/** Another name, and the rig follows; or another place, which the rig's target came along to. */
function moves(outsiders: Outsiders, is: 'renamed' | 'another'): boolean {
  const { forge, random } = outsiders;
  const { rigs, liveAttempts, liveRequests } = outsiders.rows();
  const idle = rigs.filter(
    ({ id, forge: at }) =>
      at !== null &&
      !liveAttempts.some(({ rig }) => rig === id) &&
      !liveRequests.some(({ rig, stage }) => rig === id && stage === 'landing'),
  );
  const rig = outsiders.pick(idle);
  const repo = rig === null ? undefined : forge.repos.get(rig.id);
  if (rig === null || repo === undefined || rig.forge === null) return false;
  const path = `${is === 'renamed' ? 'team' : 'moved'}/${rig.id}-${random.token(4)}`;
  const remote = `https://git.example/${path}.git`;
  const command: Command = {
    kind: 'rig_move',
    rig: rig.id,
    remote,
    lends: null,
    target,
    forge: { ...rig.forge, path },
    createTargetFrom: null,
    is,
    leavePulls: random.chance(800),
    consent: true,
  };
  if (is === 'renamed') {
    forge.rename(repo, path);
    repo.remote.urls.add(remote);
    return outsiders.ask(command)?.ok === true;
  }
  const answer = outsiders.ask(command);
  // It may have been carried out before the answer was lost.
  const isThere = outsiders.rows().rigs.some((one) => one.remote === remote);
  if (answer === null && isThere) outsiders.moved(command);
  return answer?.ok === true;
}

export const outsiderDeeds: OutsiderDeeds = [
  [
    'token_issuer_down',
    ({ forge, random }) => {
      forge.loseIssuer(random.pick([30_000, 300_000, 2_400_000]));
      return true;
    },
  ],
  [
    'author_opens',
    (outsiders) => {
      const repo = outsiders.random.pick([...outsiders.forge.repos.values()]);
      const base = outsiders.random.chance(100) ? elsewhere : target;
      return outsiders.open(repo, base) !== null;
    },
  ],
  [
    'author_pushes',
    withOpen((outsiders, found) => {
      const { git } = outsiders.forge.world;
      return outsiders.move(found, git.commit([found.pull.head], [outsiders.patch()]));
    }),
  ],
  [
    'author_force_pushes',
    withOpen((outsiders, found) => {
      const { git } = outsiders.forge.world;
      const { repo, pull } = found;
      const { tip } = repo.remote;
      const before = git.between(tip, pull.head).map(({ id }) => id);
      const kept = outsiders.random.chance(500) ? before : [];
      return outsiders.move(found, git.commit([tip], [...kept, outsiders.patch()]));
    }),
  ],
  [
    'author_closes',
    withOpen(({ forge }, { repo, pull }) => {
      forge.close(repo, pull, 'eve');
      return true;
    }),
  ],
  [
    'author_reopens',
    (outsiders) => {
      const { forge } = outsiders;
      const closed = outsiders.pulls().filter(({ repo, pull }) => {
        return pull.state === 'closed' && forge.canReopen(repo, pull);
      });
      const found = outsiders.pick(closed);
      if (found === null) return false;
      found.pull.reopened = true;
      forge.reopen(found.repo, found.pull);
      return true;
    },
  ],
  [
    'author_merges',
    withOpen(({ forge, random }, { repo, pull }) =>
      forge.mergeNow(repo, pull, random.pick(['merge', 'squash', 'rebase'] as const), 'eve'),
    ),
  ],
  [
    'author_retargets',
    (outsiders) => {
      const open = outsiders.forge.pulls().filter(({ pull }) => pull.state === 'open');
      const found = outsiders.pick(open);
      if (found === null) return false;
      outsiders.retarget(found, found.pull.base === target ? elsewhere : target);
      return true;
    },
  ],
  [
    'author_deletes_branch',
    withOpen((outsiders, found) => {
      const { author } = found.pull;
      if (author?.fork !== null && author?.forkGone === false && outsiders.random.chance(500)) {
        author.forkGone = true;
        outsiders.forge.changed(found.repo, found.pull);
        return true;
      }
      return outsiders.move(found, null);
    }),
  ],
  ['person_adopts', adopts],
  ['person_adopts_wrongly', adoptsWrongly],
  ['person_supersedes', supersedes],
  ['person_supersedes_wrongly', supersedesWrongly],
  ['rig_renamed', (outsiders) => moves(outsiders, 'renamed')],
  ['rig_moved_away', (outsiders) => moves(outsiders, 'another')],
];
