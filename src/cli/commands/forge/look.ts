/**
 * What the forge lets a credential do, in lines.
 *
 * K1 What the forge does not tell is said so: it is neither a yes nor a no.
 */
import type { ForgeLook } from '../../../protocol/http.ts';
import { sentences } from '../../format.ts';
import { oneLine, span, type Output } from '../../output.ts';

const RIGHTS = [
  ['canRead', 'read the repository'],
  ['canPush', 'push branches'],
  ['canOpen', 'open pull requests'],
  ['canReadChecks', 'read checks'],
  ['canMerge', 'merge'],
] as const;

/** `rig`: whose it is; null: it was looked at for the whole town. */
export function lookLines(
  output: Output,
  look: ForgeLook,
  now: number,
  rig: string | null = null,
): string[] {
  const { failure, missing } = look;
  const place = `${look.provider} at ${look.origin}/${oneLine(look.path)}`;
  const who = look.login === null ? '' : `, as ${oneLine(look.login)}`;
  const from =
    look.source === null
      ? 'no credential'
      : `credential from ${look.source}${who}${untilText(look.expiresAt, now)}`;
  if (failure !== null) return [`${place}: ${from}`, ...sentences(output, failure, '  ')];
  return [
    `${place}: ${from}`,
    ...RIGHTS.map(([key, words]) => `  ${mark(output, look[key])}  ${words}`),
    ...(missing.length === 0 ? [] : [`  missing: ${oneLine(missing.join(', '))}`]),
    ...(look.archived ? ['  the repository is archived: nothing can be pushed'] : []),
    ...(look.movedTo === null
      ? []
      : [`  it is called ${oneLine(look.movedTo)} now; follow it there: ${moveTo(look, rig)}`]),
  ];
}

function moveTo({ origin, movedTo }: ForgeLook, rig: string | null): string {
  return rig === null ? 'gt rig move' : `gt rig move ${rig} ${oneLine(`${origin}/${movedTo}`)}.git`;
}

/** Tokens of an app end by themselves; before that the next one is asked for. */
export function untilText(expiresAt: string | null, now: number): string {
  return expiresAt === null ? '' : `, for ${span(Date.parse(expiresAt) - now)} more`;
}

/** K1 */
function mark(output: Output, may: boolean | null): string {
  if (may === null) return 'not told';
  return may ? output.paint('green', 'may     ') : output.paint('red', 'may not ');
}
