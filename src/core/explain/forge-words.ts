/**
 * The words each forge has for its things, and those for places a credential comes from. Pure.
 *
 * W1 One descriptor a provider, so that no sentence can name another forge by mistake.
 */
import type { ForgeProvider } from '../pull-request.ts';
import type { TriedSource } from '../pr-status.ts';
import { known, named, type About } from './words.ts';

export interface ForgeWords {
  readonly name: string;
  readonly change: string;
  /** Who has repositories together. */
  readonly owner: string;
  readonly permission: string;
  /** What its address looks like, after the host. */
  readonly shape: string;
}

export const forgeWords: Readonly<Record<ForgeProvider, ForgeWords>> = {
  github: {
    name: 'GitHub',
    change: 'pull request',
    owner: 'organization',
    permission:
      'a fine-grained token with read access to pull requests, contents, checks and ' +
      'commit statuses, or a classic one with the scope repo',
    shape: '/owner/name/pull/12',
  },
  gitlab: {
    name: 'GitLab',
    change: 'merge request',
    owner: 'group',
    permission: 'a token with the scope read_api, or api where it merges too',
    shape: '/group/project/-/merge_requests/12',
  },
  gitea: {
    name: 'Gitea/Forgejo',
    change: 'pull request',
    owner: 'organization',
    permission:
      'a token with the scope read:repository, or write:repository and write:issue where it ' +
      'merges and answers too',
    shape: '/owner/name/pulls/12',
  },
};

/** `GitHub at git.example.com` */
export function forgeAt(provider: ForgeProvider, host: string): string {
  const { name } = forgeWords[provider];
  return host === '' ? name : `${name} at ${named(host)}`;
}

const SOURCES: Readonly<Record<string, string>> = {
  'rig.token': 'the rig’s token',
  'rig.app': 'the rig’s app',
  'town.cli_token': 'the town’s CLI token',
  'town.token': 'the town’s token',
  'town.app': 'the town’s app',
  'machine login': 'this machine’s own login',
  none: 'no credential',
};

/** As it stands in a sentence, with the name it has in the settings. */
export function sourceWords(source: string): string {
  const words = SOURCES[source];
  if (words !== undefined) return source.includes('.') ? `${words} (${source})` : words;
  return source.endsWith(' login')
    ? `the login of the ${named(source.slice(0, -' login'.length))} command`
    : named(source);
}

const WHY: Readonly<Record<TriedSource['why'], string>> = {
  absent: 'there is none',
  wrong_host: 'there is one, for another host',
  expired: 'it has expired',
  unavailable: 'it could not be had',
  not_installed: 'it is not installed for this repository',
  suspended: 'its installation is suspended',
  pinned_elsewhere: 'not asked, because the rig is pinned to an app',
  turned_off: 'turned off by a setting',
};

/** One place a line, in the order they were asked. */
export function triedLines(tried: readonly TriedSource[]): string {
  return tried.map(({ source, why }) => `- ${sourceWords(source)}: ${WHY[why]}`).join('\n');
}

/** How somebody gives another credential. The token is read from the terminal, no argument. */
export function giveToken({ rig }: About): string {
  return known(rig) ? `gt forge login --rig ${rig}` : 'gt forge login';
}

/** A rig that is pinned to an app is not helped by a token. */
export function givePinned(app: string, { rig }: About): string {
  const own = known(rig) ? ` --rig ${rig}` : '';
  const [id = '', installation] = named(app).split('/');
  const which = installation === undefined ? '' : ` --installation ${installation}`;
  return `Give it that app: gt forge login${own} --app-id ${id}${which} --key-file <file>`;
}

/** What to do about a credential that came from there. */
export function renew(source: string, host: string, about: About): string {
  switch (source) {
    case 'rig.token':
      return `Give the rig a valid token: ${giveToken(about)}`;
    case 'town.token':
      return `Give the town a valid token: gt forge login --url ${named(host)}`;
    case 'town.cli_token':
      return `Give the town a valid CLI token: gt forge login --url ${named(host)} --cli`;
    case 'rig.app':
    case 'town.app':
      return lookAgain('Check the key and the installation of the app', about);
    case 'gh login':
      return `Log in again: gh auth login --hostname ${named(host)}`;
    case 'glab login':
      return `Log in again: glab auth login --hostname ${named(host)}`;
    case 'none':
      return `Give it a token: ${giveToken(about)}`;
    default:
      return `Put a valid token into ${named(source)}, then start the town again: gt up`;
  }
}

/** Read it again once something outside was put right. */
export function lookAgain(first: string, { mergeRequest, rig }: About): string {
  if (known(mergeRequest)) return `${first}, then run: gt mr retry ${mergeRequest}`;
  return known(rig)
    ? `${first}, then run: gt rig doctor ${rig}`
    : `${first}, then run: gt forge status`;
}
