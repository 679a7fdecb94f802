/**
 * Words for a pull request that somebody wants adopted and that is not. Pure; `explain.ts` is the
 * door to it.
 *
 * A1 Nothing was made by asking, and each `next` is what makes asking again work, or needless.
 */
import type { AdoptionRefusal, AdoptionRefusalOf } from '../adoption-refusal.ts';
import { explainPullRequestError } from '../explain-forge.ts';
import { forgeWords } from './forge-words.ts';
import { listed, named, quoted, stacked, type Explanation, type Says } from './words.ts';

type Kinds = 'pr_address' | 'pr_unread' | 'pr_not_adopted';

export const adoptionWords: Says<Kinds> = {
  pr_address: ({ error }, about) => explainPullRequestError(error, about),
  pr_unread: ({ url, rig, error }, about) => explainPullRequestError(error, { ...about, url, rig }),
  pr_not_adopted: ({ provider, url, why }) =>
    refusalWords(why, { change: forgeWords[provider].change, address: named(url) }),
};

interface Place {
  /** As its forge calls it: pull request, merge request. */
  readonly change: string;
  readonly address: string;
}

type Is = AdoptionRefusal['is'];

/** The refusal `K`, in the one form in which TypeScript relates it to its words. */
type Related<K extends Is> = { [P in K]: AdoptionRefusalOf<P> & { readonly is: P } }[K];

type SaysWhy<K extends Is = Is> = {
  readonly [P in K]: (why: AdoptionRefusalOf<P>, place: Place) => Explanation;
};

function refusalWords<K extends Is>(why: Related<K>, place: Place): Explanation {
  const say: (why: Related<K>, place: Place) => Explanation = says[why.is];
  return say(why, place);
}

const says: SaysWhy = {
  merged: (_, { change, address }) => ({
    what: `This ${change} is merged already: there is nothing left to adopt.`,
    evidence: address,
    next: 'See what is watched: gt mr list',
  }),
  closed: (_, { change, address }) => ({
    what: `This ${change} is closed, and only an open one can be adopted.`,
    evidence: address,
    next: `Reopen it on the forge, then run: gt mr adopt ${address}`,
  }),
  watched: ({ bead }, { change, address }) => ({
    what: `This ${change} was adopted before: ${named(bead)} has it.`,
    evidence: address,
    next: seeWhy(bead),
  }),
  ours: ({ bead }, { change, address }) =>
    bead === null
      ? {
          what: `This town opened this ${change} itself, for a bead that is closed.`,
          evidence: stacked(address, 'Its commits are recorded as that bead’s.'),
          next: 'Merge or close it on the forge, or sling its task anew',
        }
      : {
          what: `This ${change} is the town’s own: ${named(bead)} has it.`,
          evidence: address,
          next: seeWhy(bead),
        },
  branch_watched: ({ branch, bead }, { change, address }) => ({
    what: `Another ${change} of the branch ${quoted(branch)} is watched already.`,
    evidence: stacked(address, `${named(bead)} has that branch.`),
    next: seeWhy(bead),
  }),
  other_target: ({ base, rig, target }, { change, address }) => ({
    what: `This ${change} goes into ${quoted(base, 80)}, where ${named(rig)} does not land.`,
    evidence: stacked(address, `${named(rig)} lands on ${named(target)}.`),
    next: `Point it at ${named(target)} on the forge, then run: gt mr adopt ${address}`,
  }),
  no_rig: ({ repository, rigs }, { address }) => ({
    what: `No rig of this town is on ${named(repository)}.`,
    evidence: stacked(
      address,
      rigs.length === 0 ? 'No rig is on that forge.' : `Rigs on that forge: ${listed(rigs)}`,
    ),
    next: `Add it first: gt rig add ${named(nameOf(repository))} ${named(repository)}`,
  }),
  several_rigs: ({ repository, rigs }, { address }) => ({
    what: `Several rigs are on ${named(repository)}.`,
    evidence: stacked(address, `They are: ${listed(rigs)}`),
    next: `Say which: gt mr adopt ${address} --rig ${named(rigs[0] ?? '')}`,
  }),
  other_rig: ({ repository, rig, at }, { change, address }) => ({
    what: `This ${change} is not of the rig ${named(rig)}.`,
    evidence: stacked(address, `It is of ${named(repository)}; ${named(rig)} is on ${named(at)}.`),
    next: `Leave the rig away, and it is found by its address: gt mr adopt ${address}`,
  }),
};

function seeWhy(bead: string): string {
  return `See how it stands: gt why ${named(bead)}`;
}

function nameOf(repository: string): string {
  return repository.slice(repository.lastIndexOf('/') + 1);
}
