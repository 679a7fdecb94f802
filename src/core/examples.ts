/**
 * One example of every failure and every wait, with the place it is shown at: what the document
 * of failures is made from, and what the tests of `explain.ts` read.
 *
 * X1 A kind without an example does not compile.
 * X2 Names are made up; untrusted text in them behaves as badly as real text does.
 */
import { pullExamples } from './examples-pull.ts';
import type { About } from './explain.ts';
import type { FailureKind, FailureOf } from './failure.ts';
import { commitOf } from './ids.ts';
import { instant } from './time.ts';
import type { Wait, WaitReason } from './wait.ts';

export type Examples = { readonly [K in FailureKind]: FailureOf<K> };

const head = commitOf('9fceb02d0ae598e95dc970b74767f19372d61af8');
const base = commitOf('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
const remote = 'git@git.example.com:team/web.git';

/** Where the examples are shown: everything is known. */
export const exampleAbout: About = {
  rig: 'web',
  bead: 'web-17',
  attempt: 'web-17.2',
  mergeRequest: 'mr-4',
  escalation: 'esc-2',
  url: 'https://github.com/team/web/pull/12',
  now: instant(1_900_000_060_000),
};

const repositoryExamples = {
  remote_unreachable: {
    kind: 'remote_unreachable',
    helps: 'later',
    remote,
    cause: 'dns',
    output: 'ssh: Could not resolve hostname git.example.com: Name or service not known\n',
  },
  remote_needs_login: {
    kind: 'remote_needs_login',
    helps: 'person',
    remote: 'https://git.example.com/team/web.git',
    output:
      "fatal: could not read Username for 'https://git.example.com': terminal prompts disabled",
  },
  remote_credential_missing: {
    kind: 'remote_credential_missing',
    helps: 'person',
    remote: 'https://github.com/team/web.git',
    source: null,
    cause: 'rig.app absent, town.app not installed',
    pinnedTo: '12345/678',
  },
  remote_not_found: {
    kind: 'remote_not_found',
    helps: 'person',
    remote: 'https://git.example.com/team/wbe.git',
    output: "fatal: repository 'https://git.example.com/team/wbe.git/' not found",
  },
  not_a_repository: {
    kind: 'not_a_repository',
    helps: 'person',
    path: '/srv/code',
    output: 'fatal: not a git repository (or any of the parent directories): .git',
  },
  repository_empty: { kind: 'repository_empty', helps: 'person', remote },
  target_missing: {
    kind: 'target_missing',
    helps: 'person',
    remote,
    target: 'main',
    branches: ['develop', 'release/1.x'],
  },
  push_refused: {
    kind: 'push_refused',
    helps: 'person',
    remote,
    ref: 'refs/heads/main',
    cause: 'protected',
    output: 'remote: error: GH006: Protected branch update failed for refs/heads/main.',
  },
  target_checked_out: {
    kind: 'target_checked_out',
    helps: 'person',
    path: '/srv/code/web',
    target: 'main',
  },
  checkout_dirty: {
    kind: 'checkout_dirty',
    helps: 'person',
    path: '/srv/code/web',
    files: ['src/server.ts', 'notes.txt'],
  },
  branch_prefix_taken: {
    kind: 'branch_prefix_taken',
    helps: 'person',
    prefix: 'gt',
    ref: 'refs/heads/gt',
  },
  conflict: {
    kind: 'conflict',
    helps: 'no',
    target: 'main',
    files: ['src/server.ts', 'src/routes/health.ts'],
  },
} as const satisfies Partial<Examples>;

const agentExamples = {
  agent_missing: {
    kind: 'agent_missing',
    helps: 'person',
    agent: 'codex',
    command: 'codex-acp',
    known: ['claude', 'scripted'],
  },
  agent_start_failed: {
    kind: 'agent_start_failed',
    helps: 'later',
    agent: 'codex',
    phase: 'initialize',
    cause: 'exited',
    exitCode: 1,
    signal: null,
    output: 'Error: no configuration found\n',
  },
  agent_crashed: {
    kind: 'agent_crashed',
    helps: 'later',
    agent: 'codex',
    exitCode: null,
    signal: 'SIGSEGV',
    output: '\u001B[31mpanic\u001B[0m: index out of range',
  },
  agent_idle: {
    kind: 'agent_idle',
    helps: 'later',
    agent: 'codex',
    lastWords: 'Everything is done!\nLet me know if you need anything else.',
  },
  agent_timed_out: {
    kind: 'agent_timed_out',
    helps: 'later',
    agent: 'codex',
    quietMs: 7_200_000,
    limitMs: 7_200_000,
  },
  model_mismatch: {
    kind: 'model_mismatch',
    helps: 'person',
    agent: 'codex',
    wanted: 'large-2',
    got: 'large-1',
  },
  isolation_unavailable: {
    kind: 'isolation_unavailable',
    helps: 'person',
    required: 'strong',
    available: 'process',
    why: 'bwrap: setting up uid map: Permission denied',
  },
  workspace_failed: {
    kind: 'workspace_failed',
    helps: 'later',
    step: 'checkout of the base',
    output: "error: unable to create file 'a:b': Invalid argument",
  },
  setup_failed: {
    kind: 'setup_failed',
    helps: 'person',
    name: 'install',
    command: 'npm ci',
    exitCode: 1,
    signal: null,
    timedOut: false,
    output: 'npm error code ERESOLVE\nnpm error ERESOLVE could not resolve\n',
  },
  attempts_exhausted: { kind: 'attempts_exhausted', helps: 'person', charged: 5, max: 5 },
  rounds_exhausted: {
    kind: 'rounds_exhausted',
    helps: 'person',
    cause: 'gate',
    rounds: 5,
    max: 5,
  },
  stopped_by_person: { kind: 'stopped_by_person', helps: 'person', reason: 'wrong direction' },
  attempt_over: { kind: 'attempt_over', helps: 'no', attempt: 'web-17.1' },
} as const satisfies Partial<Examples>;

const landingExamples = {
  submission_empty: { kind: 'submission_empty', helps: 'no', base, head: base },
  submission_foreign: { kind: 'submission_foreign', helps: 'no', commits: [head], of: 'web-3' },
  submission_dirty: { kind: 'submission_dirty', helps: 'no', files: ['src/health.ts'] },
  submission_not_descendant: {
    kind: 'submission_not_descendant',
    helps: 'no',
    head,
    published: base,
  },
  submission_submodule: { kind: 'submission_submodule', helps: 'no', paths: ['vendor/parser'] },
  submission_lfs: { kind: 'submission_lfs', helps: 'no', paths: ['assets/intro.mp4'] },
  gate_failed: {
    kind: 'gate_failed',
    helps: 'no',
    gate: 'test',
    command: 'npm test',
    result: 'failed',
    exitCode: 1,
    output: 'ok 1 - starts\nnot ok 2 - GET /health answers 200\n# pass 1\n# fail 1\n',
  },
  target_red: {
    kind: 'target_red',
    helps: 'later',
    gate: 'test',
    command: 'npm test',
    target: 'main',
    tip: head,
    result: 'failed',
    output: '1 passed, 2 failed',
  },
  lost_races: { kind: 'lost_races', helps: 'person', target: 'main', times: 5 },
  over_budget: {
    kind: 'over_budget',
    helps: 'person',
    scope: 'rig',
    unit: 'tokens',
    limit: 2_000_000,
    used: 2_013_442,
  },
  rejected_by_person: { kind: 'rejected_by_person', helps: 'person', reason: 'It has no test.' },
  consent_needed: { kind: 'consent_needed', helps: 'person', rig: 'web', remote },
} as const satisfies Partial<Examples>;

const machineExamples = {
  job_failed: {
    kind: 'job_failed',
    helps: 'later',
    job: 'job-31',
    step: 'git fetch',
    output: 'fatal: unable to write new index file',
  },
  job_timed_out: { kind: 'job_timed_out', helps: 'later', job: 'job-31', limitMs: 300_000 },
  runner_lost: {
    kind: 'runner_lost',
    helps: 'later',
    runner: 'local',
    lastSeenAt: instant(1_900_000_000_000),
  },
  disk_full: { kind: 'disk_full', helps: 'later', path: '/srv/town' },
  gastown_bug: {
    kind: 'gastown_bug',
    helps: 'no',
    entity: 'bead web-17',
    message: 'web-17 waits for an escalation that is gone',
    where: 'decide',
  },
} as const satisfies Partial<Examples>;

const requestExamples = {
  unknown_thing: {
    kind: 'unknown_thing',
    helps: 'person',
    thing: 'rig',
    name: 'wbe',
    near: ['web'],
  },
  bad_value: {
    kind: 'bad_value',
    helps: 'person',
    field: 'approval',
    given: 'maybe',
    expected: 'none or person',
  },
  name_taken: { kind: 'name_taken', helps: 'person', thing: 'rig', name: 'web', by: remote },
  too_large: { kind: 'too_large', helps: 'person', field: 'body', bytes: 10_485_760, max: 102_400 },
  cycle: { kind: 'cycle', helps: 'person', beads: ['web-1', 'web-2', 'web-1'] },
  not_now: {
    kind: 'not_now',
    helps: 'person',
    command: 'bead_retry',
    name: 'web-17',
    status: 'in_review',
    allowed: ['failed', 'open'],
  },
  settings_conflict: {
    kind: 'settings_conflict',
    helps: 'person',
    keys: ['budget.bead.tokens', 'budget.rig.tokens'],
    why: 'a bead cannot be given more (500) than its rig has (100)',
  },
  rig_busy: { kind: 'rig_busy', helps: 'person', rig: 'web', beads: ['web-17'] },
  pulls_elsewhere: {
    kind: 'pulls_elsewhere',
    helps: 'person',
    rig: 'web',
    pulls: [{ bead: 'web-17', url: 'https://github.com/team/web/pull/12' }],
    may: 'be_left',
  },
  rig_in_use: { kind: 'rig_in_use', helps: 'person', rig: 'web', beads: ['web-17', 'web-18'] },
  key_reused: { kind: 'key_reused', helps: 'person', key: '6f1d2c' },
} as const satisfies Partial<Examples>;

/** X1 */
export const failureExamples: Examples = {
  ...repositoryExamples,
  ...agentExamples,
  ...landingExamples,
  ...machineExamples,
  ...requestExamples,
  ...pullExamples,
};

const duplicate = { because: 'duplicate', of: 'web-3' };
const issue = 'team/web#7';
const heldAsDuplicates: readonly Wait[] = [
  { issue, match: 'in_review', pull: 'https://git.example.com/team/web/pull/12' },
  { issue, match: 'merged', commit: head, pull: 'https://git.example.com/team/web/pull/12' },
  { issue, match: 'dropped' },
  { match: 'in_progress' },
].map((match) => ({ reason: 'held', on: ['web-17'], detail: { ...duplicate, ...match } }));

/** One wait of every reason, and more where a detail changes the words. X1 */
export const waitExamples: Readonly<Record<WaitReason, readonly Wait[]>> = {
  slot: [{ reason: 'slot', on: ['dispatch'], detail: { position: 3 } }],
  blocked: [{ reason: 'blocked', on: ['web-1', 'web-2'], detail: { open: 5 } }],
  held: [{ reason: 'held', on: [], detail: {} }, ...heldAsDuplicates],
  backoff: [
    { reason: 'backoff', until: instant(1_900_000_090_000), on: [], detail: { charged: 2 } },
    {
      reason: 'backoff',
      until: instant(1_900_000_360_000),
      on: ['dispatch'],
      detail: { because: 'breaker' },
    },
  ],
  call: [
    { reason: 'call', on: ['web-17.2'], detail: { phase: 'turn_started' } },
    { reason: 'call', on: ['job-31'], detail: { op: 'gate' } },
  ],
  queue: [
    { reason: 'queue', on: ['mr-4'], detail: { stage: 'gating' } },
    { reason: 'queue', on: ['mr-3'], detail: { target: 'main' } },
  ],
  target_red: [
    {
      reason: 'target_red',
      until: instant(1_900_000_960_000),
      on: ['web'],
      detail: { gate: 'test', tip: head },
    },
  ],
  setup: [{ reason: 'setup', on: ['rig:web'], detail: { because: 'unready' } }],
  human: [
    { reason: 'human', on: ['esc-2'], detail: { because: 'asked' } },
    { reason: 'human', on: ['esc-2'], detail: { because: 'failed' } },
    { reason: 'human', on: ['web-1'], detail: { because: 'blocker_not_merged' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'approval' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'author' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'draft' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'conflict' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'behind' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'forge' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'retargeted', base: 'next' } },
    { reason: 'human', on: ['mr-4'], detail: { because: 'elsewhere', base: 'next' } },
    { reason: 'human', on: ['rig:web'], detail: { because: 'consent' } },
  ],
  budget: [{ reason: 'budget', on: ['web'], detail: { scope: 'rig', unit: 'tokens' } }],
  paused: [{ reason: 'paused', on: ['town'], detail: {} }],
  checks: [{ reason: 'checks', on: ['mr-4'], detail: { because: 'checks_pending' } }],
  review: [{ reason: 'review', on: ['mr-4'], detail: { because: 'threads' } }],
  delay: [{ reason: 'delay', until: instant(1_900_000_360_000), on: ['mr-4'], detail: {} }],
  poll: [{ reason: 'poll', on: ['https://github.com'], detail: {} }],
  throttled: [{ reason: 'throttled', on: ['https://github.com'], detail: {} }],
  unobservable: [{ reason: 'unobservable', on: ['mr-4'], detail: { kind: 'no_token' } }],
  runner: [{ reason: 'runner', on: ['local'], detail: {} }],
};
