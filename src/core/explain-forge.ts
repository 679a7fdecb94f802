/**
 * Says why a pull request cannot be read: which forge, which credential, what was answered, what
 * was tried, and one thing to do. The same words on every surface. Pure.
 *
 * E1 Every kind has its words, by an exhaustive table; no sentence names a forge but through its
 *    descriptor. E2 No sentence promises that it is tried again: whether it is depends on more
 *    than the error. E3 What a forge or a person wrote is shortened, and what looks like a
 *    credential is taken out.
 */
import { forgeAt, forgeWords, givePinned, giveToken, lookAgain } from './explain/forge-words.ts';
import { renew, sourceWords, triedLines } from './explain/forge-words.ts';
import { listed, named, number, quoted, stacked, when } from './explain/words.ts';
import type { About, Explanation } from './explain/words.ts';
import type { PRStatusError, PRStatusErrorKind } from './pr-status.ts';
import type { ForgeProvider } from './pull-request.ts';
import { redactPatterns } from './redact.ts';

export interface AboutChange extends About {
  /** `owner/name` */
  readonly project?: string | null | undefined;
}

type ErrorOf<K extends PRStatusErrorKind> = Extract<PRStatusError, { readonly kind: K }>;
type Says<K extends PRStatusErrorKind = PRStatusErrorKind> = {
  readonly [P in K]: (error: ErrorOf<P>, about: AboutChange) => Explanation;
};

export function explainPullRequestError(
  error: PRStatusError,
  about: AboutChange = {},
): Explanation {
  const { what, evidence, next } = sayFor(error, about);
  return { what: clean(what), evidence: clean(evidence), next: clean(next) };
}

/** The same in one text, for a column and a line of a log. */
export function failureMessageFor(error: PRStatusError, about: AboutChange = {}): string {
  const { what, evidence, next } = explainPullRequestError(error, about);
  const seen = [what, evidence.replaceAll('\n', ' ')].filter((part) => part !== '');
  return `${seen.join(' ')} Next: ${next}.`;
}

/** What a look found a credential may not do; `right` as in "read checks". */
export function explainMissingRight(
  right: string,
  { source, missing }: { readonly source: string | null; readonly missing: readonly string[] },
  rig: string,
): Explanation {
  const named = missing.length === 0 ? '' : `; missing: ${missing.join(', ')}`;
  return {
    what: `The credential may not ${right}.`,
    evidence: `from ${source ?? '?'}${named}`,
    next: `Give it a token that may: gt forge login --rig ${rig}`,
  };
}

export function explainArchived(repository: string, rig: string): Explanation {
  return {
    what: 'The repository is archived: nothing can be pushed to it.',
    evidence: repository,
    next: `Make it writable on the forge, or give it up: gt rig remove ${rig}`,
  };
}

/** E3 */
function clean(text: string): string {
  return redactPatterns(text);
}

type Related<K extends PRStatusErrorKind> = { [P in K]: ErrorOf<P> & { readonly kind: P } }[K];

function sayFor<K extends PRStatusErrorKind>(error: Related<K>, about: AboutChange): Explanation {
  const say: (error: Related<K>, about: AboutChange) => Explanation = says[error.kind];
  return say(error, about);
}

/** E1 */
const says: Says = {
  no_token: ({ provider, host, resolutionChain, pinnedTo }, about) => ({
    what: `There is no credential for ${forgeAt(provider, host)}: ${the(provider)} was not read.`,
    evidence: stacked(
      pinnedTo === undefined
        ? null
        : `The rig is pinned to the app ${named(pinnedTo)} (credentials.pinnedTo): that or none.`,
      'No request was made. These places were asked, in this order:',
      triedLines(resolutionChain),
      `That ${the(provider)} exists does not show that the town has a credential: it may have ` +
        'been opened by a person, or with a credential that is gone.',
    ),
    next:
      pinnedTo === undefined ? `Give it a token: ${giveToken(about)}` : givePinned(pinnedTo, about),
  }),
  http_error: (error, about) => httpWords(error, about),
  unrecognized_url: ({ provider, host, url, origin = `https://${host}` }) => ({
    what: `This is not the address of a ${forgeWords[provider].change}: ${quoted(bare(url), 120)}.`,
    evidence: stacked(
      'No request was made.',
      `Expected: ${shapeAt(provider, origin)}`,
      ODDITIES.find(([pattern]) => pattern.test(url))?.[1] ?? null,
    ),
    next:
      `Give the address of the ${forgeWords[provider].change} itself: ` +
      `gt mr adopt ${shapeAt(provider, origin)}`,
  }),
  host_mismatch: ({ provider, host, expected, got }, about) => ({
    what: `A credential for ${forgeAt(provider, host)} is not sent to ${named(bare(got))}.`,
    evidence:
      `It belongs to ${named(expected)} and goes nowhere else: scheme, host and port have to be ` +
      'the same. No request was made.',
    next: lookAgain('Put the address right, or add that forge to forge.instances', about),
  }),
  invalid_response: (error, about) => invalidWords(error, about),
  network_error: ({ provider, host, cause }, about) => ({
    what: `${forgeAt(provider, host)} could not be reached: ${CAUSES[cause]}.`,
    evidence: 'Nothing is known of the state of the forge, and nothing was redone.',
    next: lookAgain(REMEDIES[cause], about),
  }),
  token_unavailable: ({ provider, host, source, cause }, about) => ({
    what: `${sentence(sourceWords(source))} gave no credential for ${forgeAt(provider, host)}.`,
    evidence:
      `It is set up, and what issues its tokens failed: ${named(cause)}. No other credential is ` +
      'used in its place.',
    next: lookAgain(
      cause === 'bad key'
        ? 'Give the app its private key again'
        : 'Check whether the issuer of the tokens can be reached',
      about,
    ),
  }),
  throttled: ({ provider, host, scope, retryAt, budget }, { now }) => ({
    what: `${forgeAt(provider, host)} asks to wait: ${SCOPES[scope]}.`,
    evidence: stacked(
      `It may be asked again ${when(retryAt, now)}.`,
      budget.limit === null
        ? null
        : `${left(budget.remaining)} of ${number(budget.limit)} are left.`,
      'This is no failure: nothing is counted against anything.',
    ),
    next: 'See what uses the budget: gt forge status',
  }),
  not_yet: ({ provider, host }, about) => ({
    what: `${forgeAt(provider, host)} does not show ${the(provider)} yet.`,
    evidence: 'It was opened less than two minutes ago; forges need a moment.',
    next: lookAgain('Wait a minute', about),
  }),
};

/** `the merge request` */
function the(provider: PRStatusError['provider']): string {
  return `the ${forgeWords[provider].change}`;
}

/** `HTTP 502 Bad Gateway`; the phrase is often missing, and a GraphQL error stands there. */
function statusWords({ status, statusText }: ErrorOf<'http_error'>): string {
  return `HTTP ${status}${statusText === '' ? '' : ` ${named(statusText)}`}`;
}

function cameFrom({ tokenSource }: ErrorOf<'http_error'>): string {
  return tokenSource === 'none'
    ? 'No credential was sent.'
    : `The credential came from ${sourceWords(tokenSource)}.`;
}

type HttpSays = Readonly<
  Record<
    ErrorOf<'http_error'>['reason'],
    (error: ErrorOf<'http_error'>, about: AboutChange) => Explanation
  >
>;

function httpWords(error: ErrorOf<'http_error'>, about: AboutChange): Explanation {
  const { what, evidence, next } = httpSays[error.reason](error, about);
  const id = error.requestId === null ? null : `Request id: ${named(error.requestId)}.`;
  return { what, evidence: stacked(evidence, id), next };
}

const httpSays: HttpSays = {
  unauthenticated: (error, about) => ({
    what: `${place(error)} refused the credential (${statusWords(error)}).`,
    evidence: stacked(
      cameFrom(error),
      error.tokenSource === 'none' ? null : 'It is invalid, expired or revoked.',
    ),
    next: renew(error.tokenSource, error.host, about),
  }),
  forbidden: (error, about) => ({
    what:
      `The credential may not read ${the(error.provider)} on ` +
      `${forgeAt(error.provider, error.host)} (${statusWords(error)}).`,
    evidence: stacked(
      cameFrom(error),
      error.policy === undefined
        ? permissionsWords(error)
        : policyWords(error.provider, error.policy),
    ),
    next: lookAgain(forbiddenRemedy(error), about),
  }),
  sso_required: (error, about) => ({
    what:
      `The ${forgeWords[error.provider].owner} on ${place(error)} wants single sign-on for ` +
      `this credential (${statusWords(error)}).`,
    evidence: cameFrom(error),
    next: lookAgain(
      error.ssoUrl === undefined
        ? `Authorize the token for the ${forgeWords[error.provider].owner} in its settings`
        : `Authorize it at ${named(error.ssoUrl)}`,
      about,
    ),
  }),
  not_found_or_hidden: (error, about) => hiddenWords(error, about),
  gone: (error, about) => ({
    what: `${sentence(the(error.provider))} is gone on ${place(error)} (${statusWords(error)}).`,
    evidence:
      error.status === 451 ? 'It is blocked for legal reasons.' : 'It was removed for good.',
    next: 'Decide what becomes of the work: ' + show(about),
  }),
  server_error: (error) => ({
    what: `${forgeAt(error.provider, error.host)} has trouble of its own (${statusWords(error)}).`,
    evidence: 'The trouble is not with the credential, and nothing was redone.',
    next: 'See how long it has lasted: gt forge status',
  }),
  other: (error, about) => ({
    what:
      `${forgeAt(error.provider, error.host)} did not answer the question ` +
      `(${statusWords(error)}).`,
    evidence: stacked(
      cameFrom(error),
      error.status === 429 ? 'It is asked too often, and did not say how long to wait.' : null,
    ),
    next: error.transient
      ? 'See how long it has lasted: gt forge status'
      : lookAgain('Look at it in a browser', about),
  }),
};

function place(error: PRStatusError): string {
  return forgeAt(error.provider, error.host);
}

/** Both possibilities, and what a look at the repository itself found. */
function hiddenWords(error: ErrorOf<'http_error'>, about: AboutChange): Explanation {
  const { provider, repository = 'not_probed', missingPermissions } = error;
  const project =
    about.project === null || about.project === undefined ? '' : ` ${named(about.project)}`;
  const isGone = repository === 'visible';
  return {
    what: `${place(error)} shows no such ${forgeWords[provider].change} (${statusWords(error)}).`,
    evidence: stacked(
      'Either it is not there, or the credential may not see it: the answer is the same for both.',
      cameFrom(error),
      PROBES[repository](project),
      missingPermissions === undefined ? null : permissionsWords(error),
    ),
    next: isGone
      ? `Check its number and address: ${show(about)}`
      : lookAgain(`Give the credential access to the repository${project}`, about),
  };
}

const PROBES = {
  visible: (project: string) =>
    `The repository${project} itself can be read, so it is ` +
    'most likely gone, or its number is wrong.',
  hidden_too: (project: string) =>
    `The repository${project} itself is not shown either: it is private and hidden from this ` +
    'credential, or it was renamed, moved or deleted.',
  not_probed: (project: string) => `The repository${project} itself was not asked for.`,
} as const;

function show({ mergeRequest }: AboutChange): string {
  return mergeRequest === null || mergeRequest === undefined
    ? 'gt mr list'
    : `gt mr show ${mergeRequest}`;
}

function permissionsWords({ provider, missingPermissions }: ErrorOf<'http_error'>): string {
  return missingPermissions === undefined
    ? `Needed is ${forgeWords[provider].permission}.`
    : `It needs: ${listed(missingPermissions)}.`;
}

type Policy = NonNullable<ErrorOf<'http_error'>['policy']>;

function policyWords(provider: PRStatusError['provider'], policy: Policy): string {
  const { owner } = forgeWords[provider];
  const words: Readonly<Record<Policy, string>> = {
    ip_allow_list: `The ${owner} allows certain network addresses only, and ours is none of them.`,
    app_restricted: `The ${owner} does not allow this application.`,
    account_suspended: 'The account that the credential belongs to is suspended or blocked.',
    repository_disabled: 'The repository is archived or disabled.',
  };
  return words[policy];
}

function forbiddenRemedy({ policy, provider, missingPermissions }: ErrorOf<'http_error'>): string {
  switch (policy ?? 'none') {
    case 'ip_allow_list':
      return `Have the address of this machine allowed by the ${forgeWords[provider].owner}`;
    case 'app_restricted':
      return `Have the application approved by the ${forgeWords[provider].owner}`;
    case 'account_suspended':
      return 'Use a credential of another account';
    case 'repository_disabled':
      return 'Have the repository enabled again';
    case 'none':
      return missingPermissions === undefined
        ? `Give it the right to read ${forgeWords[provider].change}s`
        : `Give it ${listed(missingPermissions)}`;
  }
}

function invalidWords(
  { provider, host, reason, sampleKeys }: ErrorOf<'invalid_response'>,
  about: AboutChange,
): Explanation {
  const isOurs = reason === 'schema_mismatch' || reason === 'graphql_errors';
  const isLoop = reason === 'redirect' && sampleKeys.length === 0;
  const names = sampleKeys.length === 0 ? null : `${NAMES[reason]}: ${listed(sampleKeys)}.`;
  return {
    what: `${forgeAt(provider, host)} answered ${isLoop ? LOOP : INVALID[reason]}.`,
    evidence: stacked(names, 'Such an answer says nothing of the state of the work.'),
    next: isOurs
      ? 'Report it with what the town knows: gt export town.json'
      : lookAgain(`Look at what answers at ${host === '' ? 'its address' : named(host)}`, about),
  };
}

const LOOP = 'with one redirect after another, which leads nowhere';

const INVALID: Readonly<Record<ErrorOf<'invalid_response'>['reason'], string>> = {
  json_parse: 'with something that is no JSON, or was cut off',
  schema_mismatch: 'in a form that Gastown does not know',
  graphql_errors: 'with errors behind a success',
  html: 'with a web page, as sign-in pages and proxies do',
  too_large: 'with more than is read of one answer',
  redirect: 'with a redirect that is not followed, because the credential stays where it belongs',
};

const NAMES: Readonly<Record<ErrorOf<'invalid_response'>['reason'], string>> = {
  json_parse: 'Names in it',
  schema_mismatch: 'Names in it',
  graphql_errors: 'Types of error',
  html: 'Names in it',
  too_large: 'Names in it',
  redirect: 'To',
};

type Cause = ErrorOf<'network_error'>['cause'];

const CAUSES: Readonly<Record<Cause, string>> = {
  dns: 'its name was not found',
  connect: 'no connection was made',
  tls: 'its certificate or encryption was not accepted',
  timeout: 'it did not answer in time',
  reset: 'the connection was cut',
};

const REMEDIES: Readonly<Record<Cause, string>> = {
  dns: 'Check the network and the name of the host',
  connect: 'Check the network and whether the forge is up',
  tls: 'Check its certificate and the clock of this machine',
  timeout: 'Check the network and whether the forge is up',
  reset: 'Check the network and what lies between',
};

const SCOPES = {
  primary: 'the requests of this hour are used up',
  secondary: 'too many requests came at once',
} as const;

function left(remaining: number | null): string {
  return remaining === null ? 'An unknown part' : number(remaining);
}

/** Without a login, and without what follows a question mark: links carry tokens there. */
function bare(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, '//').replace(/[?#].*$/s, '');
}

function shapeAt(provider: ForgeProvider, origin: string): string {
  return `${origin === 'https://' ? 'https://host' : named(origin)}${forgeWords[provider].shape}`;
}

/** Why an address that looks right is none. */
const ODDITIES: readonly (readonly [RegExp, string])[] = [
  [/\/\/[^/?#]*@/, 'It has a login in it, as no such address has.'],
  [
    /\/(?:pull\/new|compare|merge_requests\/new)(?:\/|\?|$)/,
    'It is a page for opening one, as git prints it after a push.',
  ],
  [/\/\/[^/]*(?:xn--|[^\p{ASCII}])/iu, 'Its host is not in plain letters, as look-alikes are.'],
  [/\/\/[^/:]*\.(?:[:/]|$)/, 'Its host ends with a dot.'],
  [/\/\.\.?(?:\/|$)/, 'The dots in its path lead elsewhere.'],
  [/\/\/[^?#]*[%\\]/, 'Part of it is encoded.'],
];

/** As the beginning of a sentence. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
