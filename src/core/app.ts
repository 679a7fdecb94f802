/**
 * An app of a forge (GitHub App): who signs, and which installation of it is meant. Its tokens are
 * bought with its private key, which is never here.
 */

export interface AppIdentity {
  /** Its number, or its client id. */
  readonly appId: string;
  /** null: the one that is found for each repository. */
  readonly installation: number | null;
}

/** What a rig is pinned to: `12345`, or with one installation `12345/678`. */
export function appNameOf({ appId, installation }: AppIdentity): string {
  return installation === null ? appId : `${appId}/${installation}`;
}
