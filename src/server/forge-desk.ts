/**
 * What a host knows of forges and credentials, as the server uses it: the key, the adapters and
 * the machine's logins are the host's, so the host seals, asks and verifies.
 *
 * K1 A token comes in by one call and never goes out again.
 */
import type { AppIdentity } from '../core/app.ts';
import type { Command } from '../core/command.ts';
import type { Failure } from '../core/failure.ts';
import type { ForgeProject, PullRequestRef, PullRequestSnapshot } from '../core/pull-request.ts';
import type { Result } from '../core/result.ts';
import type { Rig } from '../core/rig.ts';
import type { ForgeInstanceSetting } from '../core/settings.ts';
import type { LookView, UseView } from '../town/forge-views.ts';
import type { ForgeQueries } from '../town/forge-queries.ts';

export interface CredentialWish {
  readonly rig: Rig | null;
  /** Of the forge; null: the rig's, or the only one there is. */
  readonly url: string | null;
  /** The town's CLI token; of a rig there is none. */
  readonly cli?: boolean;
}

export interface CredentialOrder {
  /** null: it is the one that is stored. */
  readonly order: Command | null;
  readonly origin: string;
}

export interface AppOffer extends AppIdentity {
  /** PEM, or the mask of the stored one. K1 */
  readonly key: string;
}

export interface AppOrder {
  readonly order: Command;
  readonly origin: string;
}

export interface WebhookOffer {
  readonly order: Command;
  /** Shown once. K1 */
  readonly secret: string;
}

/** A pull request and the rig it belongs to. */
export interface PullPlace {
  readonly rig: Rig;
  readonly ref: PullRequestRef;
}

export interface ForgeDesk {
  queries(): ForgeQueries;
  /** What is wrong with the address of a forge of one's own; null: nothing. */
  refusedInstance(instance: ForgeInstanceSetting): string | null;
  /** null: the remote is on no forge that is known here and can be spoken to. */
  projectOf(remote: string): Promise<ForgeProject | null>;
  /** Asks the forge what the rig's credential may do. null: it is on no forge. */
  look(rig: Rig): Promise<LookView | null>;
  /** Looks at the token first: one the forge does not take is refused. */
  sealed(wish: CredentialWish, token: string): Promise<Result<CredentialOrder, Failure>>;
  /** The same for the key of an app. */
  app(wish: CredentialWish, offer: AppOffer): Promise<Result<AppOrder, Failure>>;
  /** The origin whose token or app is meant. */
  originOf(wish: CredentialWish, of: 'token' | 'app'): Promise<Result<string, Failure>>;
  use(rig: Rig): Promise<UseView>;
  /** The rig is found by origin and repository unless one is named. No request is made. */
  placeOfPull(url: string, rig: Rig | null): Result<PullPlace, Failure>;
  /** With the rig's own credential. */
  readPull(place: PullPlace): Promise<Result<PullRequestSnapshot, Failure>>;
  newWebhook(rig: Rig): Promise<Result<WebhookOffer, Failure>>;
  /** The status to answer: what it is a hint of is already told. */
  delivered(rig: string, headers: Headers, body: Uint8Array<ArrayBuffer>): Promise<number>;
}
