/**
 * Words for waits: what something waits for, until when, and what a person may do about it.
 *
 * W1 Every reason has its words, by an exhaustive table.
 * W2 Where nobody has to do anything, `next` says how to look closer, and `what` says so.
 */
import type { Wait, WaitReason } from '../wait.ts';
import { at, CHECK_WORDS, human, onForge } from './wait-on-forge.ts';
import { REVIEW_NEXT, REVIEW_WORDS, wordOf as text } from './wait-on-forge.ts';
import {
  known,
  retryWithNote,
  listed,
  named,
  short,
  when,
  type About,
  type Explanation,
} from './words.ts';

type WaitSays = Readonly<Record<WaitReason, (wait: Wait, about: About) => Explanation>>;

export function explainWait(wait: Wait, about: About = {}): Explanation {
  const { what, evidence, next } = waitWords[wait.reason](wait, about);
  const until = wait.until === undefined ? '' : `It looks again ${when(wait.until, about.now)}.`;
  return { what, evidence: [evidence, until].filter((part) => part !== '').join(' '), next };
}

const waitWords: WaitSays = {
  slot: (wait) => ({
    what:
      wait.detail['because'] === 'nothing_ready'
        ? 'Nothing is ready to be started.'
        : `It is ready and waits for a free agent${place(wait)}.`,
    evidence: '',
    next: 'See who is at work: gt agent list',
  }),
  blocked: (wait) => ({
    what: `It waits until ${blockers(wait)} merged.`,
    evidence: open(wait),
    next: wait.on[0] === undefined ? 'gt bead list' : `See the first: gt why ${named(wait.on[0])}`,
  }),
  held: (wait, about) => ({
    ...heldWords(wait),
    next: known(wait.on[0] ?? about.bead)
      ? `Let it go on: gt bead release ${wait.on[0] ?? about.bead}`
      : 'See what is held: gt bead list --status held',
  }),
  backoff: (wait, about) => ({
    what:
      wait.detail['because'] === 'breaker'
        ? 'Too many attempts failed, so no new ones are started for a while.'
        : 'It failed and is tried again after a pause.',
    evidence: failures(wait),
    next: backoffNext(wait, about),
  }),
  call: (wait) => ({
    what: callWords(wait),
    evidence: '',
    next: callNext(wait),
  }),
  queue: (wait) => ({
    what: queueWords(wait),
    evidence: '',
    next: wait.on[0] === undefined ? 'gt mr list' : `See it: gt why ${named(wait.on[0])}`,
  }),
  target_red: (wait, about) => ({
    what:
      `The gate ${text(wait, 'gate', '')} does not pass on the target itself; ` +
      'the change waits until it does.',
    evidence: 'tip' in wait.detail ? `It was run at ${short(text(wait, 'tip', ''))}.` : '',
    next:
      'Correct the gate, or have it repaired: ' +
      `gt sling ${about.rig ?? rigOf(wait) ?? wait.on[0] ?? ''} ` +
      `"repair ${text(wait, 'gate', 'the gate')}" --priority 0`,
  }),
  setup: (wait, about) => {
    const rig = about.rig ?? rigOf(wait) ?? wait.on[0] ?? '';
    const parked = wait.detail['because'] === 'parked';
    return {
      what: parked ? `The rig ${rig} is parked.` : `The rig ${rig} is not ready for work.`,
      evidence: '',
      next: parked ? `Work on it again: gt rig unpark ${rig}` : `See why: gt why ${rig}`,
    };
  },
  human: humanWords,
  budget: (wait, about) => {
    const scope = text(wait, 'scope', 'town');
    const key = `budget.${scope}.${text(wait, 'unit', 'tokens')}`;
    return {
      what: `The budget of the ${scope} is used up.`,
      evidence: `The setting is ${key}.`,
      next:
        scope === 'town' || !about.rig
          ? `Raise it: gt config set ${key} <number>`
          : `Raise it: gt rig set ${about.rig} ${key}=<number>`,
    };
  },
  paused: () => ({
    what: 'A person paused the town: nothing is started or landed.',
    evidence: '',
    next: 'Go on: gt resume',
  }),
  checks: (wait, about) => ({
    what: CHECK_WORDS[text(wait, 'because', '')] ?? 'It waits for the checks of its pull request.',
    evidence: '',
    next: `See them ${at(about)}`,
  }),
  review: (wait, about) => ({
    what: REVIEW_WORDS[text(wait, 'because', '')] ?? 'It waits for a review of its pull request.',
    evidence: '',
    next: REVIEW_NEXT[text(wait, 'because', '')]?.(about) ?? `See it ${at(about)}`,
  }),
  delay: (_, about) => ({
    what: 'It is green; the merge waits for the delay that is set.',
    evidence: 'The setting is autoMergeDelayMinutes.',
    next: `See it: gt mr show ${about.mergeRequest ?? ''}`,
  }),
  poll: (wait) => ({
    what: 'The pull request is read again soon.',
    evidence: [text(wait, 'because', ''), text(wait, 'why', '')]
      .filter((word) => word !== '')
      .join(': ')
      .replaceAll('_', ' '),
    next: 'See what is read when: gt forge status',
  }),
  throttled: () => ({
    what: 'The forge asks to wait before it is read again. Nothing is wrong with the work.',
    evidence: '',
    next: 'See what is read when: gt forge status',
  }),
  unobservable: (wait, about) => ({
    what: 'The pull request cannot be read. The work is what it was; nothing is redone.',
    evidence: `The reason is ${text(wait, 'kind', 'not known').replaceAll('_', ' ')}.`,
    next: `Once that is put right: gt mr retry ${about.mergeRequest ?? wait.on.at(-1) ?? ''}`,
  }),
  runner: (wait) => ({
    what:
      wait.on.length === 0
        ? 'No runner has a place free.'
        : `It waits for the runner ${listed(wait.on)}.`,
    evidence: '',
    next: 'See the machine: gt doctor',
  }),
};

function heldWords({ detail }: Wait): Pick<Explanation, 'what' | 'evidence'> {
  const { because, of, issue, match, pull } = detail;
  if (because !== 'duplicate') return { what: 'A person holds it.', evidence: '' };
  const stands = matchStands(detail);
  const same = issue === undefined ? 'with the same words' : `to ${issue}`;
  const said = [
    stands === '' ? '' : `${of} is ${stands}.`,
    pull === undefined ? '' : `Its pull request is ${named(String(pull))}.`,
    `See it: gt bead show ${of}`,
  ];
  return {
    what: `It is held as a duplicate: ${of} came first ${same}${MATCHES[String(match)] ?? ''}.`,
    evidence: said.filter((part) => part !== '').join(' '),
  };
}

/** The status of one at work, the commit of one that landed; nothing more of one that is gone. */
function matchStands({ match, commit }: Wait['detail']): string {
  if (commit !== undefined) return `merged as ${short(String(commit))}`;
  return match === undefined || String(match) in MATCHES ? '' : String(match).replaceAll('_', ' ');
}

/** What became of the bead that came first, when it is over. */
const MATCHES: Readonly<Record<string, string>> = {
  merged: ', and landed',
  dropped: ', and was closed without landing',
  no_change: ', and was closed without a change',
};

function humanWords(wait: Wait, about: About): Explanation {
  const because = text(wait, 'because', '');
  const first = wait.on[0] === undefined ? null : named(wait.on[0]);
  const rig = about.rig ?? rigOf(wait) ?? first ?? '';
  const { bead } = about;
  switch (because) {
    case 'asked':
      return human(
        'The agent asked a person a question.',
        `Read it and answer: gt escalation show ${first}`,
      );
    case 'failed':
      return human(
        'It failed, and a person decides what happens.',
        first === null ? retryWithNote(about) : `See why: gt escalation show ${first}`,
      );
    case 'blocker_not_merged':
      return human(
        `${first ?? 'A bead it waits for'} was closed without being merged.`,
        known(bead) && first !== null
          ? `Go on without it: gt bead depend ${bead} --not-on ${first}`
          : `See what became of it: gt bead show ${first ?? ''}`,
      );
    case 'parked':
      return human(
        'This rig is parked: no work starts on it.',
        `Work on it again: gt rig unpark ${rig}`,
      );
    case 'consent':
      return human(
        'Nobody has agreed yet that the town writes to the remote of this rig.',
        `Agree: gt rig consent ${rig}`,
      );
    case 'remote':
      return human(
        'The remote of this rig has to be put right first.',
        `Look again then: gt rig doctor ${rig}`,
      );
    case 'approval':
      return human(
        'The gates passed; a person decides whether it lands.',
        `Let it land: gt mr decide ${first ?? about.mergeRequest ?? ''} approve`,
      );
    case 'merge':
      return human(
        'Its pull request is green; merging it is left to a person (autoMerge is off).',
        `Merge it ${at(about)}, or let the town: gt rig set ${rig} autoMerge=true`,
      );
    case 'stranger_commits':
      return human(
        'Somebody else pushed to its branch, and strangerCommits is set to ask.',
        `Take them in: gt escalation resolve ${first ?? ''} accept`,
      );
    default:
      return onForge(wait, about) ?? needed(first, about);
  }
}

/** An escalation says more; a rig is examined again once its cause was put right. */
function needed(first: string | null, { rig, bead }: About): Explanation {
  if (first?.startsWith('esc-') === true) {
    return human('A person is needed.', `See why: gt escalation show ${first}`);
  }
  return known(rig) && rig === first && !known(bead)
    ? human('A person has to put it right first.', `Look again then: gt rig doctor ${rig}`)
    : human('A person is needed.', `See why: gt why ${first ?? 'town'}`);
}

const PHASES: Readonly<Record<string, string>> = {
  granted: 'is being started',
  workspace_ready: 'has its workspace and is being started',
  spawned: 'is being started',
  session_ready: 'is about to be told its task',
  turn_started: 'is at work',
};

const OPERATIONS: Readonly<Record<string, string>> = {
  start_attempt: 'The runner is being asked to start the agent.',
  stop_attempt: 'The agent is being stopped; its work is saved first.',
  fetch: 'The repository is being examined.',
  build: 'The commit that would land is being made.',
  gate: 'A gate is running.',
  push: 'The change is being pushed.',
  open: 'The pull request is being opened.',
  merge: 'The forge is asked to merge the pull request.',
  dequeue: 'The forge is asked to take the pull request out of its merge queue.',
  feedback: 'What reviews and checks say is being read.',
  reply: 'The threads of the pull request are being answered.',
  reopen: 'The pull request is being opened again.',
  close: 'The pull request is being closed.',
  publish: 'The branch of the pull request is being pushed.',
  take: 'The commits of the pull request are being fetched.',
  update: 'The target is being merged into the branch.',
  prove: 'The merge is being looked for in the target.',
};

const REASONS: Readonly<Record<string, string>> = {
  round: 'The last attempt ends before the next round starts.',
  closing: 'The attempt ends before the bead is closed.',
  held: 'The attempt ends before the bead is held.',
  breaker: 'One attempt is tried after many failed.',
};

function callWords(wait: Wait): string {
  const phase = PHASES[text(wait, 'phase', '')];
  const who = wait.on[0] === undefined ? 'The agent' : `The agent of ${named(wait.on[0])}`;
  if (phase !== undefined) return `${/\.\d+$/.test(who) ? who : 'The agent'} ${phase}.`;
  if (wait.detail['on'] === 'target') return 'The failed gate is run on the target, to compare.';
  return (
    OPERATIONS[text(wait, 'op', '')] ??
    REASONS[text(wait, 'because', '')] ??
    'It waits for an answer of the runner.'
  );
}

function callNext(wait: Wait): string {
  const id = wait.on.find((name) => /\.\d+$/.test(name));
  return id === undefined ? 'Follow what happens: gt feed' : `Follow it: gt agent logs ${id} -f`;
}

function queueWords(wait: Wait): string {
  if (wait.detail['because'] === 'closing')
    return 'The change is withdrawn before the bead is closed.';
  if ('target' in wait.detail) return `Another change lands on ${text(wait, 'target', '')} first.`;
  return STAGES[text(wait, 'stage', '')] ?? 'It waits for its change to land.';
}

const STAGES: Readonly<Record<string, string>> = {
  queued: 'Its change is in line to be tested and landed.',
  gating: 'Its change is being tested.',
  approved: 'The gates passed; its change is about to land.',
  landing: 'Its change is being pushed.',
};

function backoffNext(wait: Wait, about: About): string {
  if (wait.detail['because'] === 'breaker') return 'Try again at once: gt resume';
  if (known(about.bead)) return `See what failed: gt bead show ${about.bead}`;
  return 'Follow what happens: gt feed';
}

function failures(wait: Wait): string {
  const count = wait.detail['charged'] ?? wait.detail['tries'];
  return typeof count === 'number' && count > 0
    ? `It failed ${count === 1 ? 'once' : `${count} times`} so far.`
    : '';
}

function place(wait: Wait): string {
  const position = wait.detail['position'];
  return typeof position === 'number' ? `; it is number ${position} in line` : '';
}

function blockers(wait: Wait): string {
  if (wait.on.length === 0) return 'other beads are';
  return `${listed(wait.on)} ${wait.on.length === 1 ? 'is' : 'are'}`;
}

function open(wait: Wait): string {
  const count = wait.detail['open'];
  return typeof count === 'number' && count > wait.on.length
    ? `${count} in all are not merged yet.`
    : '';
}

/** `rig:web` */
function rigOf(wait: Wait): string | null {
  const name = wait.on.find((one) => one.startsWith('rig:')) ?? null;
  return name === null ? null : named(name.slice('rig:'.length));
}
