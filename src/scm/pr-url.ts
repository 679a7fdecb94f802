/**
 * From the address of a pull request to what it names, among the forges of this town only. Where
 * a request goes is decided by the binding that matched, never by what was typed.
 *
 * U1 The text has to be what the parser makes of it: no login, no other spelling of a host, no
 *    `..`, nothing encoded. What was written in another way is refused rather than understood.
 * U2 The path has the one form of its provider: pages that create or compare are no pull request.
 * U3 A known forge's host with another scheme or port is `host_mismatch`, and so is any host that
 *    no binding names, when the address looks like a pull request.
 */
import type { ForgeProvider, PullRequestRef } from '../core/pull-request.ts';
import type { PullAddressError } from '../core/pr-status.ts';
import { err, ok, type Result } from '../core/result.ts';
import { hostOf } from './lease.ts';
import { fitsProvider, projectOf, type KnownForge } from './remote-url.ts';

export function parsePullRequestUrl(
  text: string,
  forges: readonly KnownForge[],
): Result<PullRequestRef, PullAddressError> {
  const url = strictUrl(text);
  if (url === null) return err(unrecognized(text, forges[0]));
  const here = forges.filter(({ origin }) => origin === url.origin);
  if (here.length === 0) return err(elsewhere(url, text, forges));
  for (const forge of here) {
    const found = withinForge(url, forge);
    if (found !== null) return ok(refOf(forge, found));
  }
  return err(unrecognized(text, here[0]));
}

/** Origin and path. A host in other letters, or with a login, has no such form. */
const HOST = String.raw`(?:[a-z\d.-]+|\[[\da-f:.]+\])(?::\d{1,5})?`;
const WRITTEN = new RegExp(String.raw`^(https?://${HOST})(/[^?#]*)(?:[?#].*)?$`, 'i');

/** U1 */
function strictUrl(text: string): URL | null {
  const written = WRITTEN.exec(text.trim());
  if (written === null || !URL.canParse(text.trim())) return null;
  const url = new URL(text.trim());
  const [, origin = '', path = ''] = written;
  const isSame = origin.toLowerCase() === url.origin && path === url.pathname;
  const isPlain = !/[%\\]|\/\//.test(path) && !url.hostname.endsWith('.');
  return isSame && isPlain && !url.hostname.includes('xn--') ? url : null;
}

interface Found {
  readonly path: string;
  readonly number: number;
}

/** U2 */
function withinForge(url: URL, { provider, basePath }: KnownForge): Found | null {
  if (!url.pathname.startsWith(`${basePath}/`)) return null;
  const matched = PATHS[provider].exec(url.pathname.slice(basePath.length));
  const [, path = '', digits = ''] = matched ?? [];
  const number = Number(digits);
  const isFine = Number.isSafeInteger(number) && number > 0 && fitsProvider(provider, path);
  return matched !== null && isFine ? { path, number } : null;
}

/** The number, and then at most pages of the same pull request. */
const PATHS: Readonly<Record<ForgeProvider, RegExp>> = {
  github: /^\/([^/]+\/[^/]+)\/pull\/(\d{1,15})(?:\/[\w./-]*)?$/,
  gitlab: /^\/(.+?)\/-\/merge_requests\/(\d{1,15})(?:\/[\w./-]*)?$/,
  gitea: /^\/([^/]+\/[^/]+)\/pulls\/(\d{1,15})(?:\/[\w./-]*)?$/,
};

function refOf(forge: KnownForge, { path, number }: Found): PullRequestRef {
  return {
    project: projectOf(forge, path),
    number,
    nodeId: null,
    url: pullRequestUrl(forge, path, number),
  };
}

/** The one way we write it. */
export function pullRequestUrl(
  { provider, origin, basePath }: Pick<KnownForge, 'provider' | 'origin' | 'basePath'>,
  path: string,
  number: number,
): string {
  const page = { github: 'pull', gitlab: '-/merge_requests', gitea: 'pulls' }[provider];
  return `${origin}${basePath}/${path}/${page}/${number}`;
}

/** U3 */
function elsewhere(url: URL, text: string, forges: readonly KnownForge[]): PullAddressError {
  const near =
    forges.find(({ origin }) => new URL(origin).hostname === url.hostname) ??
    forges.find(({ provider }) => PATHS[provider].test(url.pathname));
  if (near === undefined) return unrecognized(text, forges[0]);
  return {
    kind: 'host_mismatch',
    provider: near.provider,
    host: hostOf(near.origin),
    expected: near.origin,
    got: url.origin,
  };
}

const SHOWN_CHARS_MAX = 300;

function unrecognized(text: string, forge: KnownForge | undefined): PullAddressError {
  return {
    kind: 'unrecognized_url',
    provider: forge?.provider ?? 'github',
    host: forge === undefined ? '' : hostOf(forge.origin),
    url: shown(text),
    ...(forge === undefined ? {} : { origin: forge.origin }),
  };
}

/** A login that was pasted with it is not kept; that there was one, is. */
function shown(text: string): string {
  return text.replace(/\/\/[^/?#]*@/, '//‹login›@').slice(0, SHOWN_CHARS_MAX);
}
