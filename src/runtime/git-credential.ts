/**
 * A credential for one git process: a helper that answers for one origin and is gone with the
 * process. The token is in the environment of that process alone: not in its arguments, no file,
 * and not in any environment an agent or a gate has.
 *
 * C1 The helper is configured for the credential's origin; git asks it for no other one, also
 *    after a redirect. C2 For that origin the person's own helpers are not asked.
 * C3 It answers `get` only: what git would have kept or erased is ours to keep.
 */
import type { Secret } from '../core/secret.ts';

export interface GitCredential {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly username: string;
  readonly secret: Secret;
  /** The place it was found in, as in `town.token`. */
  readonly source: string;
}

/** What git may use on the network. */
export type GitLogin =
  /** `renew`: the remote refused it, the next is made anew. null: there is no other. */
  | {
      readonly is: 'given';
      readonly credential: GitCredential;
      readonly renew: (() => void) | null;
    }
  /** The machine's own, as it is set up there. */
  | { readonly is: 'own' }
  /** None, and the machine's own would be somebody else's: git is not started. */
  | { readonly is: 'refused'; readonly refusal: CredentialRefusal };

export interface CredentialRefusal {
  /** The one whose issuer failed; null: there is none that may be used. */
  readonly source: string | null;
  readonly cause: string;
  /** The app the rig is pinned to. */
  readonly pinnedTo: string | null;
}

/** Whose credential: a rig's, or what a remote may be read with before a rig is on it. */
export type CredentialFor =
  | { readonly rig: string }
  /** `by`: the rig that may move there; its own credential counts as well. */
  | { readonly remote: string; readonly by: string | null };

const HELPER =
  '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" ' +
  '"$GASTOWN_GIT_USERNAME" "$GASTOWN_GIT_PASSWORD"; }; f';

/** What is added to the environment of one git. The only place here that opens a token. */
export function credentialEnv(
  { origin, username, secret }: GitCredential,
  env: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const key = `credential.${origin}.helper`;
  const settings = [
    [key, ''], // C2
    [key, HELPER],
  ];
  const count = Number(env['GIT_CONFIG_COUNT'] ?? 0) || 0;
  return {
    GIT_CONFIG_COUNT: String(count + settings.length),
    ...Object.fromEntries(
      settings.flatMap(([name = '', value = ''], at) => [
        [`GIT_CONFIG_KEY_${count + at}`, name],
        [`GIT_CONFIG_VALUE_${count + at}`, value],
      ]),
    ),
    GASTOWN_GIT_USERNAME: username,
    GASTOWN_GIT_PASSWORD: secret.open(),
  };
}
