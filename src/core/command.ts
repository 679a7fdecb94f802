/**
 * Commands: what a person may ask of a town. Each is checked completely before anything is
 * written; a refusal is a `Failure` and changed nothing.
 *
 * K1 A command records what was asked; a decision carries it out. Accepted means committed.
 * K2 A repeat under the same idempotency key answers what the first one answered.
 */
import type { Priority } from './bead.ts';
import type { RigReport } from './job.ts';
import type {
  ForgeProject,
  ForgeProvider,
  PullRequestRef,
  PullRequestSnapshot,
} from './pull-request.ts';
import type { Whereabouts } from './rig.ts';
import type { Settings } from './settings.ts';

/** What a bead can be changed to while it is not closed. */
export interface BeadEdit {
  readonly title?: string;
  readonly body?: string;
  readonly priority?: Priority;
  /** Empty: none is declared any more. */
  readonly scope?: readonly string[];
  readonly agent?: string | null;
  readonly model?: string | null;
}

export type Command =
  | {
      readonly kind: 'sling';
      readonly rig: string;
      readonly title: string;
      readonly body: string;
      /** `12`, `#12`, `team/docs#3` or its page: what it fixes, if its words do not say so. */
      readonly issue?: string | null;
      /** Paths it is about. */
      readonly scope?: readonly string[];
      /** Also if it is the same work as another: both are wanted. */
      readonly anyway?: boolean;
      readonly after: readonly string[];
      readonly priority: Priority;
      readonly hold: boolean;
      readonly agent: string | null;
      readonly model: string | null;
    }
  | { readonly kind: 'bead_edit'; readonly bead: string; readonly edit: BeadEdit }
  /** Stop the live attempt, save its work, and hold the bead. */
  | { readonly kind: 'bead_stop'; readonly bead: string; readonly reason: string }
  | {
      readonly kind: 'bead_close';
      readonly bead: string;
      readonly resolution: 'dropped' | 'no_change';
      readonly reason: string;
    }
  /** From `failed`, or out of a backoff: try again now, with fresh counters. */
  | { readonly kind: 'bead_retry'; readonly bead: string; readonly note: string | null }
  /** A new bead that takes the merged change of this one back. */
  | { readonly kind: 'bead_revert'; readonly bead: string }
  | { readonly kind: 'bead_hold'; readonly bead: string }
  | { readonly kind: 'bead_release'; readonly bead: string }
  | {
      readonly kind: 'bead_depend';
      readonly bead: string;
      readonly add: readonly string[];
      readonly remove: readonly string[];
    }
  | {
      readonly kind: 'rig_add';
      readonly name: string;
      /** Starts its beads' ids; null: made from the name. */
      readonly prefix: string | null;
      readonly remote: string;
      readonly lends: string | null;
      readonly target: string;
      /** The code host the remote lives on; null: a bare git remote. */
      readonly forge: ForgeProject | null;
      readonly updateCheckout: boolean;
      readonly createTargetFrom: string | null;
      readonly consent: boolean;
      readonly report: RigReport | null;
    }
  /** Its repository is somewhere else from now on. Refused while work is under way on it. */
  | {
      readonly kind: 'rig_move';
      readonly rig: string;
      readonly remote: string;
      readonly lends: string | null;
      readonly target: string;
      readonly forge: ForgeProject | null;
      readonly createTargetFrom: string | null;
      /** What the host saw there of the pull requests it knows. */
      readonly is: Whereabouts;
      /** Changes whose pull requests are open at the old place begin anew at the new one. */
      readonly leavePulls: boolean;
      readonly consent: boolean;
    }
  | { readonly kind: 'rig_consent'; readonly rig: string }
  | { readonly kind: 'rig_probe'; readonly rig: string }
  | { readonly kind: 'rig_park'; readonly rig: string; readonly park: boolean }
  /** Refused while it has live beads. */
  | { readonly kind: 'rig_remove'; readonly rig: string }
  /** `rig: null` sets the town's. A null value goes back to the default. */
  | {
      readonly kind: 'settings_set';
      readonly rig: string | null;
      readonly set: { readonly [K in keyof Settings]?: Settings[K] | undefined };
      readonly unset: readonly (keyof Settings)[];
    }
  /** `halt` also stops live agents, saving their work. */
  | { readonly kind: 'pause'; readonly halt: boolean }
  | { readonly kind: 'resume' }
  | {
      readonly kind: 'mr_decide';
      readonly mergeRequest: string;
      readonly verdict: 'approve' | 'reject';
      readonly reason: string;
    }
  /** Read it again now, and try again what was refused. */
  | { readonly kind: 'mr_retry'; readonly mergeRequest: string }
  /** Take on a pull request that somebody else opened, as it was read a moment ago. */
  | {
      readonly kind: 'mr_adopt';
      readonly rig: string;
      readonly ref: PullRequestRef;
      readonly snapshot: PullRequestSnapshot;
      /** Work of ours may be pushed to its branch. */
      readonly fixes: boolean;
    }
  /** The answer to a closed pull request: another one, read just before, takes its place. */
  | {
      readonly kind: 'mr_supersede';
      readonly escalation: string;
      readonly ref: PullRequestRef;
      readonly snapshot: PullRequestSnapshot;
    }
  /** A credential for a forge, sealed by the host; null as the rig: for the whole town. */
  | {
      readonly kind: 'credential_set';
      readonly rig: string | null;
      /** The town's CLI token, which comes before its own token. */
      readonly cli?: boolean;
      readonly provider: ForgeProvider;
      readonly origin: string;
      readonly apiOrigin: string;
      readonly sealed: string;
      readonly mask: string;
      readonly login: string | null;
    }
  /** The secret of deliveries for a rig, sealed by the host. */
  | {
      readonly kind: 'webhook_secret_set';
      readonly rig: string;
      readonly provider: ForgeProvider;
      readonly origin: string;
      readonly sealed: string;
    }
  | {
      readonly kind: 'credential_remove';
      readonly rig: string | null;
      readonly cli?: boolean;
      readonly origin: string;
    }
  /** An app that tokens are asked from; its key is sealed by the host. */
  | {
      readonly kind: 'app_set';
      readonly rig: string | null;
      readonly origin: string;
      readonly apiBase: string;
      readonly appId: string;
      readonly installation: number | null;
      readonly sealed: string;
      readonly mask: string;
    }
  | { readonly kind: 'app_remove'; readonly rig: string | null; readonly origin: string }
  | { readonly kind: 'agent_stop'; readonly attempt: string; readonly reason: string }
  | { readonly kind: 'escalation_ack'; readonly escalation: string }
  | {
      readonly kind: 'escalation_resolve';
      readonly escalation: string;
      readonly answer: string | null;
    }
  | { readonly kind: 'breaker_reset' };

/** Names what the command made or changed. */
export interface CommandAnswer {
  readonly id: string;
  /** The journal's last sequence number after it: follow the feed from here. */
  readonly seq: number;
}
