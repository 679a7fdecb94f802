/**
 * Every bound in one place, with unit, reason and the relations between them, asserted at load.
 * Values are starting points: change one with a reason, never where it is used.
 */
import { assert } from './assert.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

export const limits = {
  /** One report per runner, not per attempt. */
  heartbeatMs: 30 * second,
  /** 3 × heartbeat: two may be lost. */
  leaseMs: 90 * second,
  /** How long a runner without its link lets agents go on before it saves and stops them. */
  linkGraceMs: 15 * minute,
  /** From asking an agent to stop until its process tree is killed. */
  stopGraceMs: 20 * second,
  /** A start, or a job's start, that the runner has not acknowledged is asked again. */
  callAckMs: 10 * second,
  /** Workspace and setup before the agent process; setup of a large repository takes minutes. */
  workspaceMs: 20 * minute,
  /** From the spawn permit to the process answering `initialize`. */
  spawnMs: minute,
  /** From `initialize` to a session whose tools our own side has seen listed. */
  sessionMs: minute,
  /** An agent's unsubmitted edits are saved this often while it works. */
  snapshotMs: 2 * minute,
  /** A snapshot leaves out untracked files larger than this, in bytes. */
  snapshotFileBytesMax: 20 * 1024 * 1024,
  /** A turn without any event is shown as quiet, then asked, then stopped. */
  quietWarnMs: 15 * minute,
  quietAskMs: hour,
  quietStopMs: 2 * hour,
  /** After a charged outcome: 30 s, 1, 2, 5, 10 min, then the last one again. */
  dispatchBackoffMs: [30 * second, minute, 2 * minute, 5 * minute, 10 * minute],
  /** The town-wide breaker opens after this many charged or failed starts within the window. */
  breakerCount: 20,
  breakerWindowMs: 30 * minute,
  /** How long an open breaker waits before it lets one probe through. */
  breakerProbeMs: 5 * minute,
  /** Starts that fail alike before the rig is unready until its doctor passes. */
  startFailuresMax: 3,
  /** An unready rig whose cause may pass by itself is examined again this often. */
  rigProbeMs: 15 * minute,
  /** One entity deciding more often than this while time stands still is livelock. */
  decisionsPerEntityMax: 16,
  /** Names one tick takes before it commits and yields. */
  tickNamesMax: 256,
  tickBudgetMs: 10,
  /** Grants in one dispatch decision. */
  grantsMax: 32,
  /** A push that lost its race is tried again from a new candidate this often. */
  landingAttempts: 5,
  /** A job that fails for reasons of the machine or network is repeated with backoff. */
  jobRetryMs: [5 * second, 30 * second, 2 * minute, 5 * minute, 15 * minute],
  jobTriesMax: 5,
  fetchMs: 5 * minute,
  buildMs: 5 * minute,
  pushMs: 5 * minute,
  gateMsDefault: 30 * minute,
  gateMsMax: 6 * hour,
  gateOutputBytesMax: 256 * 1024,
  setupMsDefault: 20 * minute,
  /** An escalation speaks again this often, this many times, unless acknowledged. */
  escalationReminderMs: 4 * hour,
  escalationRemindersMax: 3,
  beadTitleCharsMax: 200,
  /** A longer template for pull requests is left out. */
  pullTemplateCharsMax: 16_000,
  /** A bead about an issue that landed this lately is held as a duplicate. */
  duplicateMergedMs: 30 * 24 * hour,
  /** A scope names areas of a repository; a list of its files belongs nowhere. */
  scopePathsMax: 20,
  scopePathCharsMax: 200,
  /** Of the paths a submission touches: enough for people, and small beside its row. */
  touchedPathsMax: 50,
  touchedPathsCharsMax: 16_000,
  /** One that says the same as what landed this lately, too: less than the day of nightly work. */
  duplicateWordsMs: hour,
  beadBodyBytesMax: 100 * 1024,
  requestBodyBytesMax: 1024 * 1024,
  /** An import is read whole before any of it is written. */
  importBytesMax: 256 * 1024 * 1024,
  transcriptChunkBytesMax: 64 * 1024,
  /** Waiting to be stored; an agent that writes faster loses the words, never the runner. */
  transcriptPendingBytesMax: 1024 * 1024,
  /** Of one attempt; what comes after is left out and the transcript says so. */
  transcriptBytesMax: 32 * 1024 * 1024,
  /** Usage and signs of life of one attempt are told at most this often. */
  activityMs: 5 * second,
  /** One line of an agent's protocol; a longer one is a protocol failure. */
  agentLineBytesMax: 16 * 1024 * 1024,
  trashMs: 14 * 24 * hour,
  /** A workspace nobody had for this long is saved and put away; the next attempt gets it back. */
  workspaceIdleMs: 24 * hour,
  /** A runner that has nothing to do puts away at most this often. */
  tidyMs: 6 * hour,
  /** Three malformed answers over three minutes: webhooks seconds apart cannot use them up. */
  softStrikes: 3,
  softStrikesMs: 3 * minute,
  /** Ten outages in a row over ten minutes. */
  transientStrikes: 10,
  transientStrikesMs: 10 * minute,
  /** Half an hour of observed failing with five counted, whatever their kinds. */
  backstopStrikes: 5,
  backstopMs: 30 * minute,
  /** After a failed read the next one is this far away, doubling, and never further than that. */
  pollAfterFailureMs: 15 * second,
  pollAfterFailureMsMax: 2 * minute,
  /** Throttled for longer is an incident, never a verdict. */
  throttledMsMax: 2 * hour,
  /** A head without any check is believed to have none only after this long. */
  checksSettleMs: 3 * minute,
  /** Pull requests in one read of an account. */
  pullsPerRead: 25,
  /** Looked at in passing by one read, in lists as long as GitHub takes them. */
  glancesPerRead: 200,
  glancesPerList: 100,
  /** Remembered to be looked at, with one credential. */
  glancesKept: 2000,
  /** What was not read for this long is not watched any more. */
  glanceMsMax: 2 * hour,
  /** A call of several requests is given up after this long. */
  forgeAnswerMs: 110 * second,
  /** When a call that was not even given up is made again: its process is gone. */
  forgeCallMs: 2 * minute,
  /** An unobservable pull request is looked at again this often, one per incident. */
  unobservableProbeMs: 15 * minute,
  /** Merging is tried this often before a person is asked. */
  mergeTriesMax: 5,
  mergeRetryMs: [30 * second, minute, 2 * minute, 5 * minute, 10 * minute],
  /** Closing what a dropped bead left open, and how often: three days, mostly. */
  closeRetryMs: [30 * second, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute],
  closeTriesMax: 300,
  /** Threads answered in one call: each takes a read, two writes and the pauses between them. */
  repliesPerCall: 10,
  /** A reply that the forge refuses this often is left out; the thread stays with people. */
  replyTriesMax: 3,
  /** After a push a forge may show what it replaced for this long. */
  forgeLagMs: 10 * minute,
  /** How often a pull request is read: hot, warm, cool, cold. */
  pollHotMs: 20 * second,
  pollWarmMs: 2 * minute,
  pollCoolMs: 10 * minute,
  pollColdMs: hour,
  /** To a forge: the connection, then the whole of one request with its redirects. */
  forgeConnectMs: 5 * second,
  forgeMs: 15 * second,
  forgeBodyBytesMax: 5 * 1024 * 1024,
  forgeRedirectsMax: 3,
  /** Requests under way at one time with one login: forges ask not to be asked in parallel. */
  forgeInFlightMax: 2,
  /** A REST list is read to this many pages of 100; what is longer was not read to its end. */
  forgePagesMax: 20,
  /** A 404 on a pull request that was opened less long ago than this may pass. */
  forgeYoungMs: 2 * minute,
  /** The rules of a branch are read again after this long. */
  forgeRulesMs: 5 * minute,
  /** A server without GraphQL is not asked for it again for this long. */
  forgeGraphqlAbsentMs: hour,
  /** Between two writes with one credential, as forges ask for. */
  forgeWriteGapMs: second,
  /** Kept of a forge's budget, in percent: for people with the same login, and for merges. */
  forgeReservePeoplePercent: 30,
  forgeReserveMergesPercent: 10,
  /** A throttled answer without a time is asked again after this long. */
  forgeThrottleMs: minute,
  /** A forge that names a later time than this is not believed. */
  forgeThrottleMsMax: 2 * hour,
  /** An app's token is made anew this long before it expires. */
  appTokenEarlyMs: 5 * minute,
  webhookBodyBytesMax: 5 * 1024 * 1024,
  /** A signed delivery whose clock is further off is refused. */
  webhookSkewMs: 5 * minute,
  /** Names of rigs, so that ids and branches stay short and safe. */
  rigNameCharsMax: 24,
  dependenciesMax: 100,
  /** Answers to commands are remembered this long under their idempotency key. */
  idempotencyMs: 24 * hour,
  /** The live table is resynced in batches of this size. */
  resyncBatch: 256,
  resyncMs: minute,
  journalRowsMax: 1_000_000,
} as const;

assert(limits.leaseMs >= 3 * limits.heartbeatMs, 'a lease outlives two lost heartbeats');
assert(limits.linkGraceMs > limits.leaseMs, 'a runner keeps working while it is being asked');
assert(limits.stopGraceMs < limits.leaseMs, 'a stop ends before the lease does');
assert(limits.quietWarnMs < limits.quietAskMs, 'a quiet turn is shown before it is asked');
assert(limits.quietAskMs < limits.quietStopMs, 'a quiet turn is asked before it is stopped');
assert(limits.grantsMax <= limits.tickNamesMax, 'one decision fits one tick');
assert(limits.beadBodyBytesMax < limits.requestBodyBytesMax, 'a full body can be sent');
assert(limits.workspaceIdleMs < limits.trashMs, 'a home outlives its workspace');
assert(limits.glanceMsMax > 1.1 * limits.pollColdMs, 'who is read at all is looked at');
assert(limits.mergeTriesMax < limits.closeTriesMax, 'a person is told before it is given up');
assert(limits.forgeConnectMs < limits.forgeMs, 'a connection fits its request');
