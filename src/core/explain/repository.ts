/**
 * Words for what a repository or its remote refused. Pure; `explain.ts` is the door to it.
 * A remote's address is shown as it is: it has no credentials in it by the time it is a failure.
 */
import { givePinned, giveToken, sourceWords } from './forge-words.ts';
import {
  again,
  examine,
  known,
  listed,
  lines,
  named,
  setting,
  stacked,
  tail,
  type About,
  type Says,
} from './words.ts';

type Kinds =
  | 'remote_unreachable'
  | 'remote_needs_login'
  | 'remote_credential_missing'
  | 'remote_not_found'
  | 'not_a_repository'
  | 'repository_empty'
  | 'target_missing'
  | 'push_refused'
  | 'target_checked_out'
  | 'checkout_dirty'
  | 'branch_prefix_taken'
  | 'conflict';

const CAUSES = {
  dns: 'its host name cannot be resolved',
  connect: 'no connection could be made',
  tls: 'the secure connection was refused',
  timeout: 'it did not answer in time',
  reset: 'the connection was cut',
  other: 'git could not reach it',
} as const;

const REFUSALS = {
  archived: () => 'the repository is archived',
  protected: () => 'the branch is protected',
  permission: (login: string) => `${login} may not write to it`,
  hook: () => 'a hook of the remote refused the change',
  other: () => 'the remote refused the push',
} as const;

const REMEDIES = {
  archived: () => 'Make the repository writable again, where it is',
  protected: (login: string) => `Allow pushes to that branch for ${login}`,
  permission: (login: string) => `Give ${login} the right to write`,
  hook: () => 'Do what the hook asks for',
  other: () => 'Correct what the remote names',
} as const;

/** Whose login git used: one of the town's, or what the machine has for git. */
function loginOf(source: string | undefined): string {
  return source === undefined ? 'the git login of this machine' : sourceWords(source);
}

/** Another credential of the town's, for the rig or for every rig on that forge. */
function anotherToken(remote: string, about: About): string {
  if (known(about.rig)) return giveToken(about);
  const origin = /^https?:\/\/[^/]+/i.exec(remote)?.[0];
  return origin === undefined ? giveToken({}) : `gt forge login --url ${named(origin)}`;
}

export const repositoryWords: Says<Kinds> = {
  remote_unreachable: ({ remote, cause, output }, about) => ({
    what: `${named(remote)} cannot be reached: ${CAUSES[cause]}.`,
    evidence: tail(output),
    next: examine('Check the network and the address', about),
  }),
  remote_needs_login: ({ remote, output, source }, about) =>
    source === undefined
      ? {
          what: `Git on this machine cannot use ${named(remote)} without asking for a login.`,
          evidence: stacked(
            tail(output),
            /^https?:/i.test(remote)
              ? `On a forge that is known, a token does as well: ${anotherToken(remote, about)}`
              : null,
          ),
          next: examine(`Set up git so that “git ls-remote ${named(remote)}” asks nothing`, about),
        }
      : {
          what: `${named(remote)} does not take the credential from ${sourceWords(source)}.`,
          evidence: tail(output),
          next: `Give it a valid one: ${anotherToken(remote, about)}`,
        },
  remote_credential_missing: ({ remote, source, cause, pinnedTo }, about) => ({
    what: `There is no credential that git may use for ${named(remote)}.`,
    evidence: stacked(
      source === null ? null : `${sourceWords(source)} is set up and gave none: ${named(cause)}.`,
      pinnedTo === null
        ? null
        : `The rig is pinned to the app ${named(pinnedTo)} (credentials.pinnedTo).`,
      source === null ? `These were looked at: ${named(cause)}.` : null,
      'Git was not started: any other login of this machine would be somebody else.',
    ),
    next:
      source === null && pinnedTo !== null
        ? givePinned(pinnedTo, about)
        : examine('Check whether the issuer of the tokens can be reached', about),
  }),
  remote_not_found: ({ remote, output, source }, about) => ({
    what: `There is no repository at ${named(remote)} that ${loginOf(source)} may see.`,
    evidence: tail(output),
    next:
      source === undefined
        ? examine(
            `Correct the address, or the login, until “git ls-remote ${named(remote)}” works`,
            about,
          )
        : `Correct the address, or give it a token that may: ${anotherToken(remote, about)}`,
  }),
  not_a_repository: ({ path, output }) => ({
    what: `${named(path)} is not a git repository.`,
    evidence: tail(output),
    next: 'Give the path of a folder that has a git repository in it, or a URL',
  }),
  repository_empty: ({ remote }, about) => ({
    what: `The repository ${named(remote)} has no commit, so no branch can start anywhere.`,
    evidence: 'It has no branch.',
    next: examine('Push a first commit to it', about),
  }),
  target_missing: ({ remote, target, branches }, about) => {
    const has = branches.length === 0 ? 'It has no branch.' : `It has: ${listed(branches)}`;
    return {
      what: `The branch ${named(target)} does not exist in ${named(remote)}.`,
      evidence: has,
      next:
        known(about.rig) || branches[0] === undefined
          ? examine('Make that branch in the repository', about)
          : `Name a branch that is there, such as: --target ${named(branches[0])}`,
    };
  },
  push_refused: ({ remote, ref, cause, output, source }, about) => {
    const why = REFUSALS[cause](loginOf(source));
    return {
      what: `${named(remote)} does not take a push to ${named(ref)}: ${why}.`,
      evidence: tail(output),
      next: again(REMEDIES[cause](loginOf(source)), about),
    };
  },
  target_checked_out: ({ path, target }) => ({
    what:
      `The branch ${named(target)} is checked out in ${named(path)}, ` +
      'where nothing may change under your hands.',
    evidence:
      `With --update-checkout that checkout is moved forward after each landing, if it is clean; ` +
      'otherwise changes land on another branch, which you merge when you like.',
    next: 'Choose a branch to land on: --target gastown',
  }),
  checkout_dirty: ({ path, files }, about) => ({
    what: `The checkout ${named(path)} has changes of its own, so it was not moved forward.`,
    evidence: lines(files),
    next: again('Commit or put away these changes', about),
  }),
  branch_prefix_taken: ({ prefix, ref }, about) => ({
    what: `No branch can start with ${named(prefix)}/, because the repository has ${named(ref)}.`,
    evidence: `The setting branchPrefix is ${named(prefix)}.`,
    next: `Choose another beginning: ${setting('branchPrefix', 'agents', about)}`,
  }),
  conflict: ({ target, files }, about) => ({
    what: `The change does not merge into ${named(target)} without conflicts.`,
    evidence: stacked(files.length === 0 ? null : 'In these files:', lines(files)),
    next: about.bead
      ? `See the change: gt bead diff ${about.bead}`
      : 'Merge the target into the branch and resolve the conflicts',
  }),
};
