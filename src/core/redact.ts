/**
 * What looks like a credential, taken out of text that goes to people, logs and prompts. The exact
 * secrets in use are taken out before this, in `scm/http.ts`; this catches the others. Pure.
 *
 * R1 No pattern assumes a length: forges made their tokens longer before, and will again.
 * R2 Rather one word too many than a token: what follows a credential's header goes to the end
 *    of its line.
 */

const HIDDEN = '‹secret›';

/** GitHub's, GitLab's and Bitbucket's tokens begin with their kind. */
const GITLAB = 'pat|oas|dt|rt|cbt|ptt|ft|soat|agent|imt|ffct';
const PREFIXED = new RegExp(
  `\\b(?:gh[pousr]_|github_pat_|gl(?:${GITLAB})-|ATBB|ATCTT)[\\w.~+/=-]+`,
  'g',
);
const JWT = /\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/g;
const HEADER =
  /\b((?:proxy-)?authorization|private-token|job-token|x-gitlab-token)(["']?\s*[:=]\s*)[^\r\n]+/gi;
const USERINFO = /\b([a-z][a-z\d+.-]*:\/\/)[^\s/?#]*@/gi;
const PEM = /-----BEGIN [^-]+-----[\s\S]*?(?:-----END [^-]+-----|$)/g;

export function redactPatterns(text: string): string {
  return text
    .replace(PEM, HIDDEN)
    .replace(HEADER, `$1$2${HIDDEN}`)
    .replace(USERINFO, `$1${HIDDEN}@`)
    .replace(PREFIXED, HIDDEN)
    .replace(JWT, HIDDEN);
}
