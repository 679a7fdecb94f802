/**
 * Names of things. Every id is a branded string, so a bead's name cannot be passed where an
 * attempt's is wanted. Ids are unique in their town and readable by people.
 *
 * I1 An attempt's id contains its bead's: `web-17.2` is the second attempt at `web-17`.
 * I2 A call id never changes across repeats of the same call: it is the idempotency key.
 */
import { assert } from './assert.ts';

declare const brand: unique symbol;
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name };

/** `web-17`: the rig's prefix and a number counted per prefix. */
export type BeadId = Branded<string, 'bead'>;
/** The rig's name, as the person chose it: `web`. */
export type RigId = Branded<string, 'rig'>;
/** `web-17.2` */
export type AttemptId = Branded<string, 'attempt'>;
/** `job-31` */
export type JobId = Branded<string, 'job'>;
/** `mr-4` */
export type MergeRequestId = Branded<string, 'merge request'>;
/** `esc-2` */
export type EscalationId = Branded<string, 'escalation'>;
/** `https://github.com`, or with a rig's own credential `https://github.com#web`. */
export type ForgeAccountId = Branded<string, 'forge account'>;
/** `local` for the runner inside the host process. */
export type RunnerId = Branded<string, 'runner'>;
/** Names one outward call for ever; a repeat carries the same one. */
export type CallId = Branded<string, 'call'>;
/** A full git object name in lower-case hexadecimal (40 or 64 digits). */
export type Commit = Branded<string, 'commit'>;

export const beadId = (text: string): BeadId => text as BeadId;
export const rigId = (text: string): RigId => text as RigId;
export const attemptId = (text: string): AttemptId => text as AttemptId;
export const jobId = (text: string): JobId => text as JobId;
export const mergeRequestId = (text: string): MergeRequestId => text as MergeRequestId;
export const escalationId = (text: string): EscalationId => text as EscalationId;
export const forgeAccountId = (text: string): ForgeAccountId => text as ForgeAccountId;
export const runnerId = (text: string): RunnerId => text as RunnerId;
export const callId = (text: string): CallId => text as CallId;

/** Throws on anything that is not a full object name: abbreviations are for people's eyes only. */
export function commitOf(text: string): Commit {
  assert(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text), `not a full commit id: ${text}`);
  return text as Commit;
}

/** I1 */
export function attemptIdOf(bead: BeadId, number: number): AttemptId {
  return attemptId(`${bead}.${number}`);
}

/** The bead an attempt belongs to. I1 */
export function beadOfAttempt(attempt: AttemptId): BeadId {
  return beadId(attempt.slice(0, attempt.lastIndexOf('.')));
}

/** Names a question to a runner by when it was asked, so that a late answer can be told. I2 */
export function listCallId(runner: RunnerId, askedAt: number): CallId {
  return callId(`list:${runner}:${askedAt}`);
}

/** When the question of a `list` call was asked, in epoch milliseconds. */
export function askedAtOf(call: CallId): number {
  const askedAt = Number(call.slice(call.lastIndexOf(':') + 1));
  assert(Number.isSafeInteger(askedAt), `not the id of a list call: ${call}`);
  return askedAt;
}
